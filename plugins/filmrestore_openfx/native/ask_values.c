/* What the worker may ask about host, instance, parameters and clips. */
#include <limits.h>
#include <math.h>
#include <string.h>

#include "action.h"
#include "host.h"
#include "manifest.h"
#include "values.h"

static void property(Action *action, OfxPropertySetHandle set, char **f, int n) {
    long long index = 0;
    int integer;
    double real;
    const char *string;
    if (n == 4 && !text_to_int(f[3], 0, 999, &index)) {
        answer_bad(action, "the index is no number from 0 to 999");
        return;
    }
    answer_ok(action);
    bool found = false;
    if (!strcmp(f[1], "i")) {
        found = prop_int(set, f[2], (int)index, &integer);
        if (found) text_field_int(&action->answer, integer);
    } else if (!strcmp(f[1], "d")) {
        found = prop_double(set, f[2], (int)index, &real) && isfinite(real);
        if (found) text_field_double(&action->answer, real);
    } else if (!strcmp(f[1], "s")) {
        found = prop_string(set, f[2], (int)index, &string);
        if (found) text_field(&action->answer, string);
    } else {
        answer_bad(action, "the type is none of s, i, d");
        return;
    }
    if (found)
        answer_send(action, -1);
    else
        answer_no(action, "missing", NULL);
}

void ask_hostprop(Action *action, char **f, int n) { property(action, host_properties(), f, n); }

void ask_effectprop(Action *action, char **f, int n) { property(action, action->instance->properties, f, n); }

/* Adds the value's fields to the answer; false when the host refuses. */
static bool add_value(Action *action, const Section *param, ValueKind kind, double time) {
    Value value;
    if (!value_read(action->instance->params, param->name, kind, time, &value)) return false;
    for (int i = 0; i < kind.count; i++) {
        if (kind.type == 'i') text_field_int(&action->answer, value.integers[i]);
        if (kind.type == 'd') text_field_double(&action->answer, value.reals[i]);
    }
    if (kind.type == 's') text_field(&action->answer, value.string);
    return true;
}

void ask_param(Action *action, char **f, int n) {
    (void)n;
    double time;
    const Section *param = manifest_section(SECTION_PARAM, f[1]);
    ValueKind kind = {0, 0};
    if (!param || !value_kind(param->type, &kind)) {
        answer_bad(action, "the manifest has no such parameter with a value");
        return;
    }
    if (!text_to_double(f[2], &time)) {
        answer_bad(action, "the time is no finite number");
        return;
    }
    answer_ok(action);
    if (add_value(action, param, kind, time))
        answer_send(action, -1);
    else
        answer_no(action, "missing", NULL);
}

static bool listed(const Action *action, const Section *section, ValueKind *kind) {
    return section->kind == SECTION_PARAM && value_kind(section->type, kind)
           && section_in_context(section, action->instance->context);
}

void ask_params(Action *action, char **f, int n) {
    (void)n;
    double time;
    ValueKind kind;
    const Manifest *m = manifest();
    if (!text_to_double(f[1], &time)) {
        answer_bad(action, "the time is no finite number");
        return;
    }
    long long count = 0;
    for (size_t i = 0; i < m->section_count; i++) count += listed(action, &m->sections[i], &kind);
    answer_ok(action);
    text_field_int(&action->answer, count);
    answer_send(action, -1);
    for (size_t i = 0; i < m->section_count && !action->lost; i++) {
        const Section *param = &m->sections[i];
        if (!listed(action, param, &kind)) continue;
        for (int attempt = 0; attempt < 2; attempt++) {
            text_clear(&action->answer);
            text_word(&action->answer, "value");
            text_field(&action->answer, param->name);
            size_t head = action->answer.length;
            text_field(&action->answer, "ok");
            if (!attempt && add_value(action, param, kind, time) && !action->answer.broken
                && action->answer.length < LONGEST_SHIM_LINE)
                break;
            if (attempt) {
                action->answer.length = head;
                text_field(&action->answer, "no");
                text_field(&action->answer, "missing");
            }
        }
        answer_send(action, -1);
    }
}

static void add_range(Action *action, OfxPropertySetHandle set) {
    double range[2];
    bool known = prop_doubles(set, OFX_FRAME_RANGE, 2, range) && isfinite(range[0]) && isfinite(range[1])
                 && range[0] <= range[1];
    for (int i = 0; i < 2; i++) {
        if (known)
            text_field_double(&action->answer, range[i]);
        else
            text_field(&action->answer, "");
    }
}

static void add_number(Action *action, OfxPropertySetHandle set, const char *name) {
    double value;
    if (prop_double(set, name, 0, &value) && isfinite(value))
        text_field_double(&action->answer, value);
    else
        text_field(&action->answer, "");
}

void ask_clip(Action *action, char **f, int n) {
    (void)n;
    OfxImageClipHandle clip = NULL;
    OfxPropertySetHandle set = NULL;
    int connected = 0;
    const char *colourspace = "", *components = "", *depth = "", *premult = "";
    if (!manifest_section(SECTION_CLIP, f[1])) {
        answer_bad(action, "the manifest has no such clip");
        return;
    }
    if (!suites.effect->clipGetHandle
        || suites.effect->clipGetHandle(action->instance->effect, f[1], &clip, &set) != OFX_OK || !clip) {
        answer_no(action, "missing", NULL);
        return;
    }
    if (!set && suites.effect->clipGetPropertySet) suites.effect->clipGetPropertySet(clip, &set);
    prop_int(set, OFX_CLIP_CONNECTED, 0, &connected);
    prop_string(set, OFX_CLIP_COLOURSPACE, 0, &colourspace);
    prop_string(set, OFX_COMPONENTS, 0, &components);
    prop_string(set, OFX_DEPTH, 0, &depth);
    prop_string(set, OFX_PREMULTIPLICATION, 0, &premult);
    answer_ok(action);
    text_field_int(&action->answer, connected != 0);
    add_range(action, set);
    text_field(&action->answer, colourspace);
    text_field(&action->answer, components_word(components, NULL));
    text_field(&action->answer, depth_word(depth, NULL));
    text_field(&action->answer, premult_word(premult));
    add_number(action, set, OFX_IMAGE_PAR);
    add_number(action, set, OFX_FRAME_RATE);
    answer_send(action, -1);
}
