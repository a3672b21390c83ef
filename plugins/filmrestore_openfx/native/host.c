/* The host's suites, and careful property access. */
#include "host.h"

#include <stddef.h>
#include <string.h>

Suites suites;
static OfxHost *the_host;

void host_set(OfxHost *host) {
    if (host) the_host = host;
}

static const void *fetch(const char *name, int version) {
    return the_host->fetchSuite(the_host->host, name, version);
}

bool host_load(void) {
    if (!the_host || !the_host->fetchSuite) return false;
    Suites fresh;
    memset(&fresh, 0, sizeof fresh);
    fresh.effect = fetch(OFX_IMAGE_EFFECT_SUITE, 1);
    fresh.property = fetch(OFX_PROPERTY_SUITE, 1);
    fresh.parameter = fetch(OFX_PARAMETER_SUITE, 1);
    fresh.message = fetch(OFX_MESSAGE_SUITE, 2);
    fresh.progress2 = fetch(OFX_PROGRESS_SUITE, 2);
    if (!fresh.progress2) fresh.progress1 = fetch(OFX_PROGRESS_SUITE, 1);
    /* Some hosts load again while they render: nothing is written when nothing is new. */
    if (memcmp(&fresh, &suites, sizeof fresh)) suites = fresh;
    return fresh.effect && fresh.property && fresh.parameter;
}

OfxPropertySetHandle host_properties(void) { return the_host ? the_host->host : NULL; }

bool prop_int(OfxPropertySetHandle set, const char *name, int index, int *value) {
    int read = 0;
    if (!suites.property || !set || !suites.property->propGetInt) return false;
    if (suites.property->propGetInt(set, name, index, &read) != OFX_OK) return false;
    *value = read;
    return true;
}

bool prop_double(OfxPropertySetHandle set, const char *name, int index, double *value) {
    double read = 0;
    if (!suites.property || !set || !suites.property->propGetDouble) return false;
    if (suites.property->propGetDouble(set, name, index, &read) != OFX_OK) return false;
    *value = read;
    return true;
}

bool prop_string(OfxPropertySetHandle set, const char *name, int index, const char **value) {
    char *read = NULL;
    if (!suites.property || !set || !suites.property->propGetString) return false;
    if (suites.property->propGetString(set, name, index, &read) != OFX_OK || !read) return false;
    *value = read;
    return true;
}

bool prop_pointer(OfxPropertySetHandle set, const char *name, int index, void **value) {
    void *read = NULL;
    if (!suites.property || !set || !suites.property->propGetPointer) return false;
    if (suites.property->propGetPointer(set, name, index, &read) != OFX_OK) return false;
    *value = read;
    return true;
}

/* One by one: some hosts lack the N forms, some write fewer values than asked. */
bool prop_ints(OfxPropertySetHandle set, const char *name, int count, int *values) {
    int read[8];
    for (int i = 0; i < count; i++)
        if (!prop_int(set, name, i, &read[i])) return false;
    memcpy(values, read, (size_t)count * sizeof *values);
    return true;
}

bool prop_doubles(OfxPropertySetHandle set, const char *name, int count, double *values) {
    double read[8];
    for (int i = 0; i < count; i++)
        if (!prop_double(set, name, i, &read[i])) return false;
    memcpy(values, read, (size_t)count * sizeof *values);
    return true;
}

bool prop_has_string(OfxPropertySetHandle set, const char *name, const char *value) {
    int count = 0;
    if (!suites.property || !set || !suites.property->propGetDimension) return false;
    if (suites.property->propGetDimension(set, name, &count) != OFX_OK) return false;
    for (int i = 0; i < count && i < 1000; i++) {
        const char *one = NULL;
        if (prop_string(set, name, i, &one) && !strcmp(one, value)) return true;
    }
    return false;
}

bool prop_set_int(OfxPropertySetHandle set, const char *name, int index, int value) {
    return suites.property && set && suites.property->propSetInt
           && suites.property->propSetInt(set, name, index, value) == OFX_OK;
}

bool prop_set_double(OfxPropertySetHandle set, const char *name, int index, double value) {
    return suites.property && set && suites.property->propSetDouble
           && suites.property->propSetDouble(set, name, index, value) == OFX_OK;
}

bool prop_set_string(OfxPropertySetHandle set, const char *name, int index, const char *value) {
    return suites.property && set && suites.property->propSetString
           && suites.property->propSetString(set, name, index, value) == OFX_OK;
}

bool prop_set_pointer(OfxPropertySetHandle set, const char *name, int index, void *value) {
    return suites.property && set && suites.property->propSetPointer
           && suites.property->propSetPointer(set, name, index, value) == OFX_OK;
}
