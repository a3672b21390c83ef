/* The host's suites, and property access that survives null suites, null handles and unknown names. */
#ifndef FILMRESTORE_HOST_H
#define FILMRESTORE_HOST_H

#include <stdbool.h>

#include "ofx_abi.h"

typedef struct Suites {
    const OfxImageEffectSuiteV1 *effect;
    const OfxPropertySuiteV1 *property;
    const OfxParameterSuiteV1 *parameter;
    const OfxMessageSuiteV2 *message;    /* NULL where the host has only version 1, or none */
    const OfxProgressSuiteV1 *progress1; /* used when version 2 is missing */
    const OfxProgressSuiteV2 *progress2;
} Suites;

extern Suites suites;

void host_set(OfxHost *host);
/* Fetches the suites; false when one that cannot be done without is missing. */
bool host_load(void);
OfxPropertySetHandle host_properties(void);

/* Each returns false, and leaves the value as it was, when the host does not give the property. */
bool prop_int(OfxPropertySetHandle set, const char *name, int index, int *value);
bool prop_double(OfxPropertySetHandle set, const char *name, int index, double *value);
bool prop_string(OfxPropertySetHandle set, const char *name, int index, const char **value);
bool prop_pointer(OfxPropertySetHandle set, const char *name, int index, void **value);
bool prop_ints(OfxPropertySetHandle set, const char *name, int count, int *values);
bool prop_doubles(OfxPropertySetHandle set, const char *name, int count, double *values);
/* True when a string property has the value at some index. */
bool prop_has_string(OfxPropertySetHandle set, const char *name, const char *value);

bool prop_set_int(OfxPropertySetHandle set, const char *name, int index, int value);
bool prop_set_double(OfxPropertySetHandle set, const char *name, int index, double value);
bool prop_set_string(OfxPropertySetHandle set, const char *name, int index, const char *value);
bool prop_set_pointer(OfxPropertySetHandle set, const char *name, int index, void *value);

#endif
