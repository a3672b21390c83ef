/* The parameter suite, with its variadic calls. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "testhost.h"

static const struct {
    const char *type;
    char letter; /* of its values; 0: holds none */
    int count;
} types[] = {
    {"OfxParamTypeInteger", 'i', 1},   {"OfxParamTypeDouble", 'd', 1},    {"OfxParamTypeBoolean", 'i', 1},
    {"OfxParamTypeChoice", 'i', 1},    {"OfxParamTypeStrChoice", 's', 1}, {"OfxParamTypeRGBA", 'd', 4},
    {"OfxParamTypeRGB", 'd', 3},       {"OfxParamTypeDouble2D", 'd', 2},  {"OfxParamTypeInteger2D", 'i', 2},
    {"OfxParamTypeDouble3D", 'd', 3},  {"OfxParamTypeInteger3D", 'i', 3}, {"OfxParamTypeString", 's', 1},
    {"OfxParamTypeCustom", 's', 1},    {"OfxParamTypeGroup", 0, 0},       {"OfxParamTypePage", 0, 0},
    {"OfxParamTypePushButton", 0, 0},
};

static int type_at(const char *type) {
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (!strcmp(types[i].type, type)) return (int)i;
    return -1;
}

static Effect *owner(const void *set, const char *function) {
    if (!may_call(function)) return NULL;
    Effect *effect = table_get(AS_HANDLE(set), KIND_PARAM_SET);
    if (!effect) broken("%s with a handle that is no live parameter set", function);
    return effect;
}

static Param *param_of(const void *handle, const char *function) {
    if (!may_call(function)) return NULL;
    Param *param = table_get(AS_HANDLE(handle), KIND_PARAM);
    if (!param) broken("%s with a handle that is no live parameter", function);
    return param;
}

static Param *named(Effect *effect, const char *name) {
    Param *param = effect->params;
    while (param && strcmp(param->name, name)) param = param->next;
    return param;
}

Param *param_add(Effect *effect, const char *type, const char *name) {
    Param *param = calloc(1, sizeof *param);
    param->name = copy_text(name);
    param->type = copy_text(type);
    param->string = copy_text("");
    param->props = props_new();
    param->self = table_add(KIND_PARAM, param);
    Param **end = &effect->params;
    while (*end) end = &(*end)->next;
    *end = param;
    return param;
}

static OfxStatus define(OfxParamSetHandle set, const char *type, const char *name, OfxPropertySetHandle *out) {
    Effect *effect = owner(set, "paramDefine");
    if (!effect || !type || !name) return OFX_BAD_HANDLE;
    if (strcmp(running->action, OFX_DESCRIBE_IN_CONTEXT)) broken("paramDefine outside DescribeInContext");
    if (type_at(type) < 0) broken("parameter %s has the unknown type %s", name, type);
    if (type_at(type) < 0 || in_list(behavior.refused_types, type)) return OFX_UNSUPPORTED;
    if (named(effect, name)) {
        broken("parameter %s is defined twice", name);
        return OFX_EXISTS;
    }
    Param *param = param_add(effect, type, name);
    if (out) *out = AS_POINTER(OfxPropertySetHandle, param->props);
    return OFX_OK;
}

static OfxStatus get_handle(OfxParamSetHandle set, const char *name, OfxParamHandle *out, OfxPropertySetHandle *props) {
    Effect *effect = owner(set, "paramGetHandle");
    Param *param = effect && name ? named(effect, name) : NULL;
    if (!effect) return OFX_BAD_HANDLE;
    if (!param) return OFX_UNKNOWN;
    *out = AS_POINTER(OfxParamHandle, param->self);
    if (props) *props = AS_POINTER(OfxPropertySetHandle, param->props);
    return OFX_OK;
}

static OfxStatus set_properties(OfxParamSetHandle set, OfxPropertySetHandle *out) {
    (void)set;
    (void)out;
    return OFX_UNSUPPORTED;
}

static OfxStatus param_properties(OfxParamHandle handle, OfxPropertySetHandle *out) {
    Param *param = param_of(handle, "paramGetPropertySet");
    if (!param) return OFX_BAD_HANDLE;
    *out = AS_POINTER(OfxPropertySetHandle, param->props);
    return OFX_OK;
}

static OfxStatus read_values(const void *handle, va_list values) {
    Param *param = param_of(handle, "paramGetValue");
    if (!param) return OFX_BAD_HANDLE;
    int type = type_at(param->type);
    if (param->refuses_reads) return OFX_FAILED;
    if (!types[type].letter) {
        broken("the value of %s was read, which has none", param->name);
        return OFX_UNSUPPORTED;
    }
    for (int i = 0; i < types[type].count; i++) {
        if (types[type].letter == 'i') *va_arg(values, int *) = param->integers[i];
        if (types[type].letter == 'd') *va_arg(values, double *) = param->reals[i];
        if (types[type].letter == 's') *va_arg(values, char **) = param->string;
    }
    return OFX_OK;
}

static OfxStatus get_value(OfxParamHandle handle, ...) {
    va_list values;
    va_start(values, handle);
    OfxStatus status = read_values(handle, values);
    va_end(values);
    return status;
}

static OfxStatus get_value_at(OfxParamHandle handle, OfxTime time, ...) {
    va_list values;
    (void)time;
    va_start(values, time);
    OfxStatus status = read_values(handle, values);
    va_end(values);
    return status;
}

static OfxStatus write_values(const void *handle, va_list values) {
    Param *param = param_of(handle, "paramSetValue");
    if (!param) return OFX_BAD_HANDLE;
    if (strcmp(running->action, OFX_CHANGED) && strcmp(running->action, OFX_CREATE))
        broken("parameter %s was set in an action that may not", param->name);
    int type = type_at(param->type);
    for (int i = 0; i < types[type].count; i++) {
        if (types[type].letter == 'i') param->integers[i] = va_arg(values, int);
        if (types[type].letter == 'd') param->reals[i] = va_arg(values, double);
        if (types[type].letter == 's') {
            char *fresh = copy_text(va_arg(values, const char *));
            free(param->string);
            param->string = fresh;
        }
    }
    return OFX_OK;
}

static OfxStatus set_value(OfxParamHandle handle, ...) {
    va_list values;
    va_start(values, handle);
    OfxStatus status = write_values(handle, values);
    va_end(values);
    return status;
}

static OfxStatus set_value_at(OfxParamHandle handle, OfxTime time, ...) {
    va_list values;
    (void)time;
    va_start(values, time);
    OfxStatus status = write_values(handle, values);
    va_end(values);
    return status;
}

static OfxStatus no_derivative(OfxParamHandle handle, OfxTime time, ...) {
    (void)handle;
    (void)time;
    return OFX_UNSUPPORTED;
}
static OfxStatus no_integral(OfxParamHandle handle, OfxTime from, OfxTime to, ...) {
    (void)handle;
    (void)from;
    (void)to;
    return OFX_UNSUPPORTED;
}
static OfxStatus no_keys(OfxParamHandle handle, unsigned int *count) {
    (void)handle;
    *count = 0;
    return OFX_OK;
}
static OfxStatus no_key_time(OfxParamHandle handle, unsigned int key, OfxTime *time) {
    (void)handle;
    (void)key;
    (void)time;
    return OFX_BAD_INDEX;
}
static OfxStatus no_key_index(OfxParamHandle handle, OfxTime time, int way, int *key) {
    (void)handle;
    (void)time;
    (void)way;
    (void)key;
    return OFX_FAILED;
}
static OfxStatus no_delete(OfxParamHandle handle, OfxTime time) {
    (void)handle;
    (void)time;
    return OFX_BAD_INDEX;
}
static OfxStatus no_delete_all(OfxParamHandle handle) {
    (void)handle;
    return OFX_OK;
}
static OfxStatus no_copy(OfxParamHandle to, OfxParamHandle from, OfxTime offset, const void *range) {
    (void)to;
    (void)from;
    (void)offset;
    (void)range;
    return OFX_UNSUPPORTED;
}

static OfxStatus edit_begin(OfxParamSetHandle set, const char *name) {
    Effect *effect = owner(set, "paramEditBegin");
    (void)name;
    if (!effect) return OFX_BAD_HANDLE;
    effect->edits_begun++;
    return OFX_OK;
}

static OfxStatus edit_end(OfxParamSetHandle set) {
    Effect *effect = owner(set, "paramEditEnd");
    if (!effect) return OFX_BAD_HANDLE;
    if (++effect->edits_ended > effect->edits_begun) broken("paramEditEnd without paramEditBegin");
    return OFX_OK;
}

const OfxParameterSuiteV1 parameter_suite = {
    define,        get_handle, set_properties, param_properties, get_value,   get_value_at, no_derivative,
    no_integral,   set_value,  set_value_at,   no_keys,          no_key_time, no_key_index, no_delete,
    no_delete_all, no_copy,    edit_begin,     edit_end,
};

/* For Python: values of an instance's parameter, and whether reading it fails. */
static Param *python_param(Handle effect, const char *name) {
    Effect *found = table_get(effect, KIND_EFFECT);
    return found ? named(found, name) : NULL;
}

API int th_param_set(Handle effect, const char *name, const int *integers, const double *reals, const char *string) {
    Param *param = python_param(effect, name);
    if (!param) return 0;
    memcpy(param->integers, integers, sizeof param->integers);
    memcpy(param->reals, reals, sizeof param->reals);
    free(param->string);
    param->string = copy_text(string);
    return 1;
}

API int th_param_get(Handle effect, const char *name, int *integers, double *reals, char *string, int room) {
    Param *param = python_param(effect, name);
    if (!param) return 0;
    memcpy(integers, param->integers, sizeof param->integers);
    memcpy(reals, param->reals, sizeof param->reals);
    snprintf(string, (size_t)room, "%s", param->string);
    return types[type_at(param->type)].letter;
}

API int th_param_refuse(Handle effect, const char *name, int refuses) {
    Param *param = python_param(effect, name);
    if (param) param->refuses_reads = refuses != 0;
    return param != NULL;
}

/* "name TAB type" at a place; its property set, or 0. */
API Handle th_param_at(Handle effect, int place, char *out, int room) {
    Effect *found = table_get(effect, KIND_EFFECT);
    Param *param = found ? found->params : NULL;
    while (param && place-- > 0) param = param->next;
    if (!param) return 0;
    snprintf(out, (size_t)room, "%s\t%s", param->name, param->type);
    return param->props;
}
