/* Parameter values, read and set through the standard's variadic calls with the pointers that the type asks for. */
#ifndef FILMRESTORE_VALUES_H
#define FILMRESTORE_VALUES_H

#include <stdbool.h>

#include "ofx_abi.h"

typedef struct ValueKind {
    char type; /* 'i', 'd' or 's' */
    int count;
} ValueKind;

typedef struct Value {
    int integers[4];
    double reals[4];
    char *string; /* the host's, valid until the next call into it */
} Value;

/* False for types that hold no value (group, page, push button) or are unknown. */
bool value_kind(const char *type, ValueKind *kind);
/* False when the host refuses or answers with something that is no finite number. */
bool value_read(OfxParamSetHandle set, const char *name, ValueKind kind, double time, Value *value);
bool value_set(OfxParamSetHandle set, const char *name, ValueKind kind, const Value *value);

#endif
