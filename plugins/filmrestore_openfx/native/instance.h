/* The instances the host made, and the message standing on each. */
#ifndef FILMRESTORE_INSTANCE_H
#define FILMRESTORE_INSTANCE_H

#include <stdbool.h>

#include "ofx_abi.h"

#define MESSAGE_ROOM 1001

typedef struct Instance {
    OfxImageEffectHandle effect;
    OfxParamSetHandle params;
    OfxPropertySetHandle properties;
    long long id; /* 0: the host created none, this one lives for one action */
    char context[64];
    bool message_stands;
    char message[MESSAGE_ROOM];
    struct Instance *next;
} Instance;

bool instance_create(OfxImageEffectHandle effect);
void instance_destroy(OfxImageEffectHandle effect);
/* The instance of a handle; `stand_in` is filled and returned when the host never created one. */
Instance *instance_find(OfxImageEffectHandle effect, Instance *stand_in);

/* kind: "error", "warning" or "message". The same text is set once; it always goes to the log when it changes. */
void instance_say(Instance *instance, const char *kind, const char *text);
void instance_clear(Instance *instance);

#endif
