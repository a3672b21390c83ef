/* What the worker may change or say: parameters, out-arguments, messages, progress. */
#include <limits.h>
#include <string.h>

#include "action.h"
#include "host.h"
#include "manifest.h"
#include "values.h"

/* The standard lets an effect change parameters here, and not while rendering. */
static bool may_change(const Action *action) {
    const char *reason = "";
    if (!strcmp(action->name, OFX_CREATE)) return true;
    prop_string(action->in, OFX_REASON, 0, &reason);
    return action->is_change && strcmp(reason, OFX_TIME_CHANGED) != 0;
}

static bool parse_value(ValueKind kind, char **f, Value *value) {
    if (kind.type == 's') value->string = f[0];
    for (int i = 0; i < kind.count; i++) {
        long long integer;
        if (kind.type == 'd' && !text_to_double(f[i], &value->reals[i])) return false;
        if (kind.type != 'i') continue;
        if (!text_to_int(f[i], INT_MIN, INT_MAX, &integer)) return false;
        value->integers[i] = (int)integer;
    }
    return true;
}

void ask_set(Action *action, char **f, int n) {
    const Section *param = manifest_section(SECTION_PARAM, f[1]);
    ValueKind kind;
    Value value;
    memset(&value, 0, sizeof value);
    if (!param || !value_kind(param->type, &kind) || n != 2 + kind.count || !parse_value(kind, f + 2, &value)) {
        answer_bad(action, "the manifest has no such parameter, or the values are not of its type");
        return;
    }
    if (!may_change(action)) {
        answer_no(action, "not-now", NULL);
        return;
    }
    if (!action->editing && suites.parameter->paramEditBegin)
        action->editing = suites.parameter->paramEditBegin(action->instance->params, "FilmRestore") == OFX_OK;
    if (!value_set(action->instance->params, f[1], kind, &value)) {
        answer_no(action, "refused", NULL);
        return;
    }
    answer_ok(action);
    answer_send(action, -1);
}

static bool set_property(OfxPropertySetHandle set, char **f, bool *well_formed) {
    long long index, integer;
    double real;
    *well_formed = strlen(f[0]) == 1 && strchr("sid", f[0][0]) && text_to_int(f[2], 0, 999, &index);
    if (!*well_formed) return false;
    if (f[0][0] == 's') return prop_set_string(set, f[1], (int)index, f[3]);
    if (f[0][0] == 'i') {
        *well_formed = text_to_int(f[3], INT_MIN, INT_MAX, &integer);
        return *well_formed && prop_set_int(set, f[1], (int)index, (int)integer);
    }
    *well_formed = text_to_double(f[3], &real);
    return *well_formed && prop_set_double(set, f[1], (int)index, real);
}

static void answer_set(Action *action, OfxPropertySetHandle set, char **f) {
    bool well_formed;
    bool done = set_property(set, f, &well_formed);
    if (!well_formed) {
        answer_bad(action, "the property's type, index or value is malformed");
    } else if (!done) {
        answer_no(action, "refused", NULL);
    } else {
        answer_ok(action);
        answer_send(action, -1);
    }
}

void ask_paramprop(Action *action, char **f, int n) {
    (void)n;
    OfxParamHandle param = NULL;
    OfxPropertySetHandle set = NULL;
    if (!manifest_section(SECTION_PARAM, f[1])) {
        answer_bad(action, "the manifest has no such parameter");
        return;
    }
    if (!may_change(action)) {
        answer_no(action, "not-now", NULL);
        return;
    }
    if (suites.parameter->paramGetHandle && action->instance->params
        && suites.parameter->paramGetHandle(action->instance->params, f[1], &param, &set) != OFX_OK)
        set = NULL;
    if (param && !set && suites.parameter->paramGetPropertySet) suites.parameter->paramGetPropertySet(param, &set);
    answer_set(action, set, f + 2);
}

void ask_out(Action *action, char **f, int n) {
    (void)n;
    answer_set(action, action->out, f + 1);
}

void ask_abort(Action *action, char **f, int n) {
    (void)f;
    (void)n;
    bool aborts = action_aborts(action);
    answer_ok(action);
    text_field_int(&action->answer, aborts);
    answer_send(action, -1);
}

void ask_persist(Action *action, char **f, int n) {
    (void)n;
    if (!text_listed("error,warning,message", f[1])) {
        answer_bad(action, "the kind is none of error, warning, message");
        return;
    }
    if (!action->aborted) instance_say(action->instance, f[1], f[2]);
    action->persisted = true;
    answer_ok(action);
    answer_send(action, -1);
}

void ask_clearpersist(Action *action, char **f, int n) {
    (void)f;
    (void)n;
    instance_clear(action->instance);
    answer_ok(action);
    answer_send(action, -1);
}

static bool progress_start(OfxImageEffectHandle effect, const char *text) {
    if (suites.progress2) return suites.progress2->progressStart(effect, text, "") == OFX_OK;
    return suites.progress1 && suites.progress1->progressStart(effect, text) == OFX_OK;
}

static bool progress_goes_on(OfxImageEffectHandle effect, double fraction) {
    OfxStatus status = OFX_OK;
    if (suites.progress2)
        status = suites.progress2->progressUpdate(effect, fraction);
    else if (suites.progress1)
        status = suites.progress1->progressUpdate(effect, fraction);
    return status != OFX_REPLY_NO;
}

void ask_progress(Action *action, char **f, int n) {
    OfxImageEffectHandle effect = action->instance->effect;
    double fraction;
    bool goes_on = true;
    if (!action->is_change) {
        answer_no(action, "not-now", NULL);
        return;
    }
    if (!strcmp(f[1], "start") && n == 3) {
        if (!action->progressing) action->progressing = progress_start(effect, f[2]);
    } else if (!strcmp(f[1], "update") && n == 3 && text_to_double(f[2], &fraction)) {
        fraction = fraction < 0 ? 0 : fraction > 1 ? 1 : fraction;
        if (action->progressing) goes_on = progress_goes_on(effect, fraction);
    } else if (!strcmp(f[1], "end") && n == 2) {
        if (action->progressing && suites.progress2)
            suites.progress2->progressEnd(effect);
        else if (action->progressing && suites.progress1)
            suites.progress1->progressEnd(effect);
        action->progressing = false;
    } else {
        answer_bad(action, "progress is start TEXT, update FRACTION or end");
        return;
    }
    answer_ok(action);
    text_field_int(&action->answer, goes_on);
    answer_send(action, -1);
}
