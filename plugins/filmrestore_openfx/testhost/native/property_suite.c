/* Property sets. Values are typed by their first setting; asking for another type is refused. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "testhost.h"

Handle props_new(void) { return table_add(KIND_PROPS, calloc(1, sizeof(Props))); }

static void free_values(Prop *prop) {
    for (int i = 0; prop->type == 's' && i < prop->count; i++) free(prop->strings[i]);
    free(prop->integers);
    free(prop->reals);
    free(prop->strings);
    free(prop->pointers);
    free(prop->name);
    free(prop);
}

void props_free(Handle handle) {
    Props *props = table_get(handle, KIND_PROPS);
    if (!props) return;
    table_remove(handle);
    while (props->first) {
        Prop *next = props->first->next;
        free_values(props->first);
        props->first = next;
    }
    free(props);
}

Prop *prop_find(Props *props, const char *name) {
    Prop *prop = props->first;
    while (prop && strcmp(prop->name, name)) prop = prop->next;
    return prop;
}

static Prop *prop_make(Props *props, const char *name, char type) {
    Prop **end = &props->first;
    while (*end) end = &(*end)->next;
    *end = calloc(1, sizeof **end);
    (*end)->name = copy_text(name);
    (*end)->type = type;
    return *end;
}

static void prop_grow(Prop *prop, int count) {
    size_t n = (size_t)count;
    prop->integers = realloc(prop->integers, n * sizeof *prop->integers);
    prop->reals = realloc(prop->reals, n * sizeof *prop->reals);
    prop->strings = realloc(prop->strings, n * sizeof *prop->strings);
    prop->pointers = realloc(prop->pointers, n * sizeof *prop->pointers);
    for (int i = prop->count; i < count; i++) {
        prop->integers[i] = 0;
        prop->reals[i] = 0;
        prop->strings[i] = prop->type == 's' ? copy_text("") : NULL;
        prop->pointers[i] = NULL;
    }
    prop->count = count;
}

OfxStatus prop_put(Handle set, const char *name, char type, int index, int i, double d, const char *s, void *p) {
    table_lock();
    Props *props = table_get(set, KIND_PROPS);
    OfxStatus status = OFX_BAD_HANDLE;
    if (props) {
        Prop *prop = prop_find(props, name);
        if (!prop) prop = prop_make(props, name, type);
        status = prop->type != type ? OFX_VALUE : index < 0 || index > 999 ? OFX_BAD_INDEX : OFX_OK;
        if (status == OFX_OK) {
            if (index >= prop->count) prop_grow(prop, index + 1);
            prop->integers[index] = i;
            prop->reals[index] = d;
            prop->pointers[index] = p;
            if (type == 's') {
                free(prop->strings[index]);
                prop->strings[index] = copy_text(s);
            }
        }
    }
    table_unlock();
    return status;
}

void props_copy(Handle from, Handle to) {
    table_lock();
    Props *props = table_get(from, KIND_PROPS);
    for (Prop *prop = props ? props->first : NULL; prop; prop = prop->next)
        for (int i = 0; i < prop->count; i++)
            prop_put(to, prop->name, prop->type, i, prop->integers[i], prop->reals[i], prop->strings[i],
                     prop->pointers[i]);
    table_unlock();
}

/* Plug-in's side: the same with the checks. */
static OfxStatus put(const void *set, const char *name, char type, int index, int i, double d, const char *s, void *p) {
    if (!may_call("propSet")) return OFX_FAILED;
    if (!table_get(AS_HANDLE(set), KIND_PROPS)) {
        broken("propSet %s on a handle that is no live property set", name ? name : "(null)");
        return OFX_BAD_HANDLE;
    }
    if (!name || (type == 's' && !s)) {
        broken("propSet with a null name or string");
        return OFX_VALUE;
    }
    if (in_list(behavior.refused_props, name)) return OFX_UNKNOWN;
    OfxStatus status = prop_put(AS_HANDLE(set), name, type, index, i, d, s, p);
    if (status == OFX_VALUE) broken("propSet %s with another type than it has", name);
    return status;
}

static OfxStatus set_pointer(OfxPropertySetHandle s, const char *n, int x, void *v) { return put(s, n, 'p', x, 0, 0, NULL, v); }
static OfxStatus set_string(OfxPropertySetHandle s, const char *n, int x, const char *v) { return put(s, n, 's', x, 0, 0, v, NULL); }
static OfxStatus set_double(OfxPropertySetHandle s, const char *n, int x, double v) { return put(s, n, 'd', x, 0, v, NULL, NULL); }
static OfxStatus set_int(OfxPropertySetHandle s, const char *n, int x, int v) { return put(s, n, 'i', x, v, 0, NULL, NULL); }

/* The property at an index, or the status that says why not. */
static OfxStatus look(const void *set, const char *name, char type, int index, Prop **found) {
    if (!may_call("propGet")) return OFX_FAILED;
    Props *props = table_get(AS_HANDLE(set), KIND_PROPS);
    if (!props || !name) {
        broken("propGet %s on a handle that is no live property set", name ? name : "(null)");
        return OFX_BAD_HANDLE;
    }
    if (in_list(behavior.refused_props, name)) return OFX_UNKNOWN;
    *found = prop_find(props, name);
    if (!*found) return OFX_UNKNOWN;
    if ((*found)->type != type) return OFX_VALUE;
    return index < 0 || index >= (*found)->count ? OFX_BAD_INDEX : OFX_OK;
}

#define GETTER(function, letter, ctype, field)                                                \
    static OfxStatus function(OfxPropertySetHandle set, const char *name, int index, ctype *value) { \
        Prop *prop;                                                                           \
        table_lock();                                                                         \
        OfxStatus status = look(set, name, letter, index, &prop);                             \
        if (status == OFX_OK) *value = prop->field[index];                                    \
        table_unlock();                                                                       \
        return status;                                                                        \
    }

GETTER(get_pointer, 'p', void *, pointers)
GETTER(get_string, 's', char *, strings)
GETTER(get_double, 'd', double, reals)
GETTER(get_int, 'i', int, integers)

/* The N forms, by the single ones. */
#define MANY(function, single, ctype)                                                                       \
    static OfxStatus function(OfxPropertySetHandle set, const char *name, int count, ctype values) {        \
        OfxStatus status = OFX_OK;                                                                          \
        for (int i = 0; i < count && status == OFX_OK; i++) status = single(set, name, i, MANY_VALUE(values, i)); \
        return status;                                                                                      \
    }
#define MANY_VALUE(values, i) (values)[i]
MANY(set_pointers, set_pointer, void *const *)
MANY(set_strings, set_string, const char *const *)
MANY(set_doubles, set_double, const double *)
MANY(set_ints, set_int, const int *)
#undef MANY_VALUE
#define MANY_VALUE(values, i) (values) + (i)
MANY(get_pointers, get_pointer, void **)
MANY(get_strings, get_string, char **)
MANY(get_doubles, get_double, double *)
MANY(get_ints, get_int, int *)

static OfxStatus reset(OfxPropertySetHandle set, const char *name) {
    (void)set;
    (void)name;
    return OFX_UNSUPPORTED;
}

static OfxStatus dimension(OfxPropertySetHandle set, const char *name, int *count) {
    table_lock();
    Props *props = may_call("propGetDimension") ? table_get(AS_HANDLE(set), KIND_PROPS) : NULL;
    Prop *prop = props && name && !in_list(behavior.refused_props, name) ? prop_find(props, name) : NULL;
    if (!props) broken("propGetDimension on a handle that is no live property set");
    if (prop) *count = prop->count;
    table_unlock();
    return prop ? OFX_OK : props ? OFX_UNKNOWN : OFX_BAD_HANDLE;
}

const OfxPropertySuiteV1 property_suite = {
    set_pointer, set_string, set_double, set_int, set_pointers, set_strings, set_doubles, set_ints, get_pointer,
    get_string,  get_double, get_int,    get_pointers, get_strings, get_doubles, get_ints, reset, dimension,
};

/* For Python. */
API Handle th_props_new(void) { return props_new(); }
API void th_props_free(Handle set) { props_free(set); }
API int th_set_int(Handle set, const char *name, int index, int value) { return prop_put(set, name, 'i', index, value, 0, NULL, NULL); }
API int th_set_double(Handle set, const char *name, int index, double value) { return prop_put(set, name, 'd', index, 0, value, NULL, NULL); }
API int th_set_string(Handle set, const char *name, int index, const char *value) { return prop_put(set, name, 's', index, 0, 0, value, NULL); }

/* Type letter, or 0 when there is no such property; the value in the place of its type. */
API int th_get(Handle set, const char *name, int index, int *i, double *d, char *s, int room) {
    int type = 0;
    table_lock();
    Props *props = table_get(set, KIND_PROPS);
    Prop *prop = props ? prop_find(props, name) : NULL;
    if (prop && index >= 0 && index < prop->count) {
        type = prop->type;
        *i = prop->integers[index];
        *d = prop->reals[index];
        if (type == 's') snprintf(s, (size_t)room, "%s", prop->strings[index]);
    }
    table_unlock();
    return type;
}

/* "name TAB type TAB count" of the property at a place of the set; 0 beyond the last. */
API int th_prop_at(Handle set, int place, char *out, int room) {
    table_lock();
    Props *props = table_get(set, KIND_PROPS);
    Prop *prop = props ? props->first : NULL;
    while (prop && place-- > 0) prop = prop->next;
    if (prop) snprintf(out, (size_t)room, "%s\t%c\t%d", prop->name, prop->type, prop->count);
    table_unlock();
    return prop != NULL;
}
