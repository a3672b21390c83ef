/* A strict reference host in C: the suites of the standard, with every handle checked and every broken rule noted.
 *
 * Python drives it (the package testhost): it gives images, abort flags and parameter values, and reads the notes. It shares
 * nothing with the shim but the interface's header. There is one host per process. */
#ifndef FILMRESTORE_TESTHOST_H
#define FILMRESTORE_TESTHOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ofx_abi.h"

#if defined(_WIN32)
#define API __declspec(dllexport)
#define PER_THREAD _Thread_local
#else
#define API __attribute__((visibility("default")))
#define PER_THREAD _Thread_local
#endif

typedef uint64_t Handle; /* never a real address: a wild or stale one is found out, not followed */

typedef enum { KIND_PROPS = 1, KIND_EFFECT, KIND_PARAM_SET, KIND_PARAM, KIND_CLIP } Kind;

typedef struct Prop {
    char *name;
    char type; /* 's' 'i' 'd' 'p' */
    int count;
    int *integers;
    double *reals;
    char **strings;
    void **pointers;
    struct Prop *next;
} Prop;

typedef struct Props {
    Prop *first;
    long action;  /* images: the action that fetched it, else 0 */
    int64_t token; /* images: Python's name for it */
} Props;

typedef struct Param {
    char *name, *type;
    Handle self, props;
    int integers[4];
    double reals[4];
    char *string;
    bool refuses_reads;
    struct Param *next;
} Param;

typedef struct Clip {
    char *name;
    Handle self, props;
    Handle effect;
    struct Clip *next;
} Clip;

typedef struct Effect {
    Handle self, props, param_set;
    bool is_instance;
    Param *params; /* in the order of their definition */
    Clip *clips;
    char message_kind[64], message[1100];
    bool message_stands;
    int messages_set, messages_cleared, edits_begun, edits_ended;
} Effect;

/* One action on this thread; nested ones stand above each other. */
typedef struct Running {
    long number;
    const char *action;
    Handle effect;
    double time;
    bool has_time, by_user;
    struct Running *below;
} Running;

extern PER_THREAD Running *running;

/* What Python fills when an image is asked for. */
typedef struct ImageGiven {
    void *data;
    int bounds[4], row_bytes;
    const char *depth, *components, *premult, *uid, *field;
    double scale[2], par;
    int64_t token;
    int leave_out; /* bits: 1 data, 2 bounds, 4 row bytes, 8 depth, 16 components: properties that are not given */
} ImageGiven;

typedef int (*ImageGiver)(Handle effect, const char *clip, double time, ImageGiven *given); /* a status */
typedef void (*ImageTaker)(int64_t token);
typedef int (*AbortAsked)(Handle effect);
typedef int (*ProgressAsked)(const char *what, double fraction); /* 0: cancel */

typedef struct Behavior {
    ImageGiver give;
    ImageTaker take_back;
    AbortAsked aborts;
    ProgressAsked progress;
    int message_version, progress_version; /* 0: the host has no such suite */
    int missing;                           /* bits: 1 effect, 2 property, 4 parameter suite is NULL */
    char refused_types[512];               /* parameter types it does not have, comma list */
    char refused_props[4096];              /* properties it does not know, comma list */
} Behavior;

extern Behavior behavior;

void table_lock(void);
void table_unlock(void);
Handle table_add(Kind kind, void *object);
void *table_get(Handle handle, Kind kind); /* NULL when it is none of that kind, or gone */
void table_remove(Handle handle);
Handle table_image_of(long action); /* a live image fetched by it, or 0 */

/* Notes a broken rule. */
void broken(const char *format, ...);
/* True when a call may be made now: an action runs on this thread. Notes it otherwise. */
bool may_call(const char *function);
bool in_list(const char *list, const char *word);
char *copy_text(const char *text);

Param *param_add(Effect *effect, const char *type, const char *name);
Clip *clip_add(Effect *effect, const char *name);
extern Handle host_props;
API int th_get(Handle set, const char *name, int index, int *i, double *d, char *s, int room);

Handle props_new(void);
void props_free(Handle handle);
Prop *prop_find(Props *props, const char *name);
OfxStatus prop_put(Handle set, const char *name, char type, int index, int i, double d, const char *s, void *p);
void props_copy(Handle from, Handle to);

extern const OfxPropertySuiteV1 property_suite;
extern const OfxImageEffectSuiteV1 effect_suite;
extern const OfxParameterSuiteV1 parameter_suite;
extern const OfxMessageSuiteV2 message_suite;
extern const OfxProgressSuiteV1 progress_suite_1;
extern const OfxProgressSuiteV2 progress_suite_2;

#define AS_HANDLE(pointer) ((Handle)(uintptr_t)(pointer))
#define AS_POINTER(type, handle) ((type)(uintptr_t)(handle))

#endif
