/* Parameter values. The manifest's type decides how many pointers are passed: a wrong number would crash the host. */
#include "values.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

#include "host.h"

bool value_kind(const char *type, ValueKind *kind) {
    static const struct {
        const char *type;
        ValueKind kind;
    } kinds[] = {
        {"OfxParamTypeInteger", {'i', 1}},   {"OfxParamTypeDouble", {'d', 1}},    {"OfxParamTypeBoolean", {'i', 1}},
        {"OfxParamTypeChoice", {'i', 1}},    {"OfxParamTypeStrChoice", {'s', 1}}, {"OfxParamTypeRGBA", {'d', 4}},
        {"OfxParamTypeRGB", {'d', 3}},       {"OfxParamTypeDouble2D", {'d', 2}},  {"OfxParamTypeInteger2D", {'i', 2}},
        {"OfxParamTypeDouble3D", {'d', 3}},  {"OfxParamTypeInteger3D", {'i', 3}}, {"OfxParamTypeString", {'s', 1}},
        {"OfxParamTypeCustom", {'s', 1}},
    };
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (strcmp(kinds[i].type, type)) continue;
        *kind = kinds[i].kind;
        return true;
    }
    return false;
}

static OfxParamHandle handle_of(OfxParamSetHandle set, const char *name) {
    OfxParamHandle param = NULL;
    if (!set || !suites.parameter->paramGetHandle) return NULL;
    return suites.parameter->paramGetHandle(set, name, &param, NULL) == OFX_OK ? param : NULL;
}

static OfxStatus read_at(OfxParamHandle p, ValueKind kind, double time, Value *v) {
    const OfxParameterSuiteV1 *s = suites.parameter;
    int *i = v->integers;
    double *d = v->reals;
    if (kind.type == 's') return s->paramGetValueAtTime(p, time, &v->string);
    switch (kind.count) {
    case 1: return kind.type == 'i' ? s->paramGetValueAtTime(p, time, i) : s->paramGetValueAtTime(p, time, d);
    case 2:
        return kind.type == 'i' ? s->paramGetValueAtTime(p, time, i, i + 1)
                                : s->paramGetValueAtTime(p, time, d, d + 1);
    case 3:
        return kind.type == 'i' ? s->paramGetValueAtTime(p, time, i, i + 1, i + 2)
                                : s->paramGetValueAtTime(p, time, d, d + 1, d + 2);
    default: return s->paramGetValueAtTime(p, time, d, d + 1, d + 2, d + 3);
    }
}

static OfxStatus read_now(OfxParamHandle p, ValueKind kind, Value *v) {
    const OfxParameterSuiteV1 *s = suites.parameter;
    int *i = v->integers;
    double *d = v->reals;
    if (kind.type == 's') return s->paramGetValue(p, &v->string);
    switch (kind.count) {
    case 1: return kind.type == 'i' ? s->paramGetValue(p, i) : s->paramGetValue(p, d);
    case 2: return kind.type == 'i' ? s->paramGetValue(p, i, i + 1) : s->paramGetValue(p, d, d + 1);
    case 3: return kind.type == 'i' ? s->paramGetValue(p, i, i + 1, i + 2) : s->paramGetValue(p, d, d + 1, d + 2);
    default: return s->paramGetValue(p, d, d + 1, d + 2, d + 3);
    }
}

bool value_read(OfxParamSetHandle set, const char *name, ValueKind kind, double time, Value *value) {
    OfxParamHandle param = handle_of(set, name);
    OfxStatus status = OFX_FAILED;
    memset(value, 0, sizeof *value);
    if (!param) return false;
    if (suites.parameter->paramGetValueAtTime) status = read_at(param, kind, time, value);
    if (status != OFX_OK && suites.parameter->paramGetValue) status = read_now(param, kind, value);
    if (status != OFX_OK) return false;
    if (kind.type == 's') return value->string != NULL;
    for (int i = 0; kind.type == 'd' && i < kind.count; i++)
        if (!isfinite(value->reals[i])) return false;
    return true;
}

bool value_set(OfxParamSetHandle set, const char *name, ValueKind kind, const Value *v) {
    const OfxParameterSuiteV1 *s = suites.parameter;
    OfxParamHandle p = handle_of(set, name);
    const int *i = v->integers;
    const double *d = v->reals;
    if (!p || !s->paramSetValue) return false;
    if (kind.type == 's') return s->paramSetValue(p, v->string) == OFX_OK;
    switch (kind.count) {
    case 1: return (kind.type == 'i' ? s->paramSetValue(p, i[0]) : s->paramSetValue(p, d[0])) == OFX_OK;
    case 2: return (kind.type == 'i' ? s->paramSetValue(p, i[0], i[1]) : s->paramSetValue(p, d[0], d[1])) == OFX_OK;
    case 3:
        return (kind.type == 'i' ? s->paramSetValue(p, i[0], i[1], i[2]) : s->paramSetValue(p, d[0], d[1], d[2]))
               == OFX_OK;
    default: return s->paramSetValue(p, d[0], d[1], d[2], d[3]) == OFX_OK;
    }
}
