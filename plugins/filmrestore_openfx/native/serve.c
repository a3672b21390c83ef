/* Forwarding an action: send it, answer what the worker asks on this very thread, finish. */
#define _GNU_SOURCE
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "action.h"
#include "host.h"
#include "log.h"

#define STEP_MS 50
#define ABORT_PATIENCE_MS 500
#define QUICK_ACTION_MS 60000
#define MOST_MISTAKES 16
#define MOST_REQUESTS 1000000

typedef struct Request {
    const char *word;
    void (*serve)(Action *, char **, int);
    int least, most; /* fields, the word included */
    bool stops;      /* refused once the host aborted */
} Request;

static const Request requests[] = {
    {"hostprop", ask_hostprop, 3, 4, false}, {"effectprop", ask_effectprop, 3, 4, false},
    {"param", ask_param, 3, 3, false},       {"params", ask_params, 2, 2, false},
    {"clip", ask_clip, 2, 2, false},         {"set", ask_set, 3, 6, false},
    {"paramprop", ask_paramprop, 6, 6, false}, {"out", ask_out, 5, 5, false},
    {"abort", ask_abort, 1, 1, false},       {"persist", ask_persist, 3, 3, false},
    {"clearpersist", ask_clearpersist, 1, 1, false}, {"progress", ask_progress, 2, 3, false},
    {"image", ask_image, 3, 3, true},        {"pixels", ask_pixels, 3, 3, true},
    {"segment", ask_segment, 2, 2, false},   {"drop", ask_drop, 2, 2, false},
    {"output", ask_output, 1, 1, true},      {"copy", ask_copy, 3, 3, true},
    {"write", ask_write, 7, 7, true},
};

/* The standard allows abort() while rendering; a user's analysis is cancelled by its progress bar. */
bool action_aborts(Action *action) {
    if (!action->aborted && action->is_render && suites.effect->abort)
        action->aborted = suites.effect->abort(action->instance->effect) != 0;
    return action->aborted;
}

static bool stop_asked(void *action) { return action_aborts(action); }

void answer_ok(Action *action) {
    text_clear(&action->answer);
    text_word(&action->answer, "ok");
}

void answer_no(Action *action, const char *reason, const char *text) {
    text_clear(&action->answer);
    text_word(&action->answer, "no");
    text_field(&action->answer, reason);
    if (text) text_field(&action->answer, text);
    answer_send(action, -1);
}

void answer_bad(Action *action, const char *text) {
    text_clear(&action->answer);
    text_word(&action->answer, "bad");
    text_field(&action->answer, text);
    log_trace("bad request in %s: %s", action->name, text);
    if (++action->mistakes >= MOST_MISTAKES) action->lost = true;
    answer_send(action, -1);
}

void answer_send(Action *action, long long shared) {
    if (action->answer.broken || action->answer.length >= LONGEST_SHIM_LINE) { /* or no memory: say so in a line that fits */
        text_clear(&action->answer);
        text_word(&action->answer, "no\ttoo-long");
        shared = -1;
    }
    text_raw(&action->answer, "\n", 1);
    if (action->answer.broken
        || !channel_send(&action->connection->channel, action->answer.bytes, action->answer.length, shared))
        action->lost = true;
}

static void key_ints(Text *line, OfxPropertySetHandle set, const char *key, const char *property, int count) {
    int values[4];
    char text[80];
    if (!prop_ints(set, property, count, values)) return;
    if (count == 4)
        snprintf(text, sizeof text, "%d,%d,%d,%d", values[0], values[1], values[2], values[3]);
    else
        snprintf(text, sizeof text, "%d", values[0]);
    text_key(line, key, text);
}

static void key_doubles(Text *line, OfxPropertySetHandle set, const char *key, const char *property, int count) {
    double values[4];
    char text[200] = "", number[40];
    if (!prop_doubles(set, property, count, values)) return;
    for (int i = 0; i < count; i++) {
        if (!isfinite(values[i])) return;
        text_from_double(values[i], number, sizeof number);
        if (i) strcat(text, ",");
        strcat(text, number);
    }
    text_key(line, key, text);
}

static void key_string(Text *line, OfxPropertySetHandle set, const char *key, const char *property) {
    const char *value;
    if (prop_string(set, property, 0, &value)) text_key(line, key, value);
}

/* A flag that some hosts give as a number and the standard as "true". */
static void key_flag(Text *line, OfxPropertySetHandle set, const char *key, const char *property) {
    int number;
    const char *word;
    if (prop_int(set, property, 0, &number))
        text_key(line, key, number ? "1" : "0");
    else if (prop_string(set, property, 0, &word))
        text_key(line, key, strcmp(word, "true") ? "0" : "1");
}

static bool send_action(Action *action) {
    Text line;
    char id[32];
    OfxPropertySetHandle in = action->in, host = host_properties();
    const char *name = "";
    int temporal = 0, background = 0;
    text_begin(&line, LONGEST_SHIM_LINE);
    text_word(&line, "action");
    text_field(&line, action->name);
    snprintf(id, sizeof id, "%lld", action->instance->id);
    text_field(&line, id);
    prop_string(host, OFX_NAME, 0, &name);
    text_key(&line, "host", name);
    prop_int(host, OFX_TEMPORAL, 0, &temporal);
    text_key(&line, "temporal", temporal ? "1" : "0");
    if (prop_int(host, OFX_BACKGROUND, 0, &background)) text_key(&line, "background", background ? "1" : "0");
    if (*action->instance->context) text_key(&line, "context", action->instance->context);
    key_doubles(&line, in, "time", OFX_TIME, 1);
    key_doubles(&line, in, "scale", OFX_SCALE, 2);
    key_ints(&line, in, "window", OFX_WINDOW, 4);
    key_string(&line, in, "field", OFX_FIELD_TO_RENDER);
    key_flag(&line, in, "sequential", OFX_SEQUENTIAL);
    key_flag(&line, in, "interactive", OFX_INTERACTIVE);
    key_flag(&line, in, "draft", OFX_DRAFT);
    key_flag(&line, in, "thumbnail", OFX_THUMBNAIL);
    key_doubles(&line, in, "region", OFX_REGION_OF_INTEREST, 4);
    key_doubles(&line, in, "range", OFX_FRAME_RANGE, 2);
    key_doubles(&line, in, "step", OFX_FRAME_STEP, 1);
    key_string(&line, in, "type", OFX_TYPE);
    key_string(&line, in, "name", OFX_NAME);
    key_string(&line, in, "reason", OFX_REASON);
    text_raw(&line, "\n", 1);
    bool sent = !line.broken && channel_send(&action->connection->channel, line.bytes, line.length, -1);
    text_free(&line);
    return sent;
}

static void serve_line(Action *action, char *line) {
    char *fields[MOST_FIELDS];
    int count = text_split(line, fields, MOST_FIELDS);
    if (count < 1) {
        action->lost = true;
        return;
    }
    for (size_t i = 0; i < sizeof requests / sizeof *requests; i++) {
        const Request *request = &requests[i];
        if (strcmp(fields[0], request->word)) continue;
        if (count < request->least || count > request->most)
            answer_bad(action, "the number of fields is wrong");
        else if (request->stops && action_aborts(action))
            answer_no(action, "aborted", NULL);
        else
            request->serve(action, fields, count);
        return;
    }
    answer_bad(action, "this request is not known");
}

/* The status of `done`, or -1 when `line` is something else. */
static int done_status(char *line) {
    long long status = 0;
    if (strncmp(line, "done\t", 5)) return -1;
    return text_to_int(line + 5, 0, OFX_LAST_STATUS, &status) ? (int)status : OFX_FAILED;
}

/* Serves until done, or until the connection is of no more use (`lost`). */
static OfxStatus serve(Action *action) {
    long long began = system_now(), polled = began, aborted_at = 0;
    while (!action->lost) {
        char *line = NULL;
        int got = connection_line(action->connection, &line, STEP_MS);
        action->ended = got < 0;
        if (got < 0) break;
        long long now = system_now();
        if (got > 0) {
            int status = done_status(line);
            if (status >= 0) return status;
            if (++action->requests > MOST_REQUESTS) break;
            serve_line(action, line);
        }
        if (now - polled >= STEP_MS || got == 0) {
            polled = now;
            if (action_aborts(action) && !aborted_at) aborted_at = now;
        }
        if (action->aborted && !aborted_at) aborted_at = now;
        if (aborted_at && now - aborted_at >= ABORT_PATIENCE_MS) break;
        if (action->progressing) began = now; /* the user sees it work, and can cancel */
        if (!action->is_render && now - began > QUICK_ACTION_MS) {
            log_line("%s took longer than 60 s: given up", action->name);
            action->aborted = true; /* the worker lives and is busy: no second try */
            break;
        }
    }
    action->lost = true;
    return OFX_FAILED;
}

static void finish_host_side(Action *action) {
    picture_close(&action->open);
    output_forget(action);
    if (action->editing && suites.parameter->paramEditEnd) suites.parameter->paramEditEnd(action->instance->params);
    action->editing = false;
    if (action->progressing) {
        if (suites.progress2)
            suites.progress2->progressEnd(action->instance->effect);
        else if (suites.progress1)
            suites.progress1->progressEnd(action->instance->effect);
    }
    action->progressing = false;
}

static void say_why(Action *action, const char *what) {
    char text[MESSAGE_ROOM];
    snprintf(text, sizeof text, "FilmRestore: %.500s. Log: %.300s", what, log_path());
    instance_say(action->instance, "error", text);
}

static OfxStatus finish_render(Action *action, OfxStatus status) {
    if (status == OFX_OK) {
        const char *wrong = action_aborts(action) ? "" : output_commit(action);
        if (wrong) status = OFX_FAILED;
        if (wrong && *wrong) {
            say_why(action, wrong);
            action->persisted = true;
        }
    } else if (status == OFX_REPLY_DEFAULT) {
        status = OFX_FAILED;
    }
    if (status == OFX_OK && !action->persisted) instance_clear(action->instance);
    if (status != OFX_OK && !action->persisted && !action->aborted)
        say_why(action, "the frame could not be rendered");
    return status;
}

/* One try. `again` is set when the worker was lost and a new one may do better. */
static OfxStatus attempt(Action *action, bool may_start, bool *again) {
    char error[ERROR_ROOM] = "";
    *again = false;
    switch (worker_connect(may_start, stop_asked, action, &action->connection, error, sizeof error)) {
    case NO_WORKER_RUNS: return OFX_REPLY_DEFAULT;
    case WAS_STOPPED: return OFX_FAILED;
    case WORKER_FAILED:
        if (!action->is_render) return OFX_REPLY_DEFAULT;
        say_why(action, error);
        return OFX_FAILED;
    case GOT_CONNECTION: break;
    }
    OfxStatus status = OFX_FAILED;
    text_begin(&action->answer, LONGEST_SHIM_LINE);
    if (send_action(action))
        status = serve(action);
    else
        action->lost = action->ended = true;
    bool lost = action->lost, committed = false;
    if (!lost && action->is_render) {
        status = finish_render(action, status);
        committed = true;
    }
    finish_host_side(action);
    text_free(&action->answer);
    worker_release(action->connection, !lost ? HEALTHY : action->ended ? ENDED_BY_WORKER : GIVEN_UP);
    action->connection = NULL;
    if (committed || !lost) return status;
    if (action->aborted) return action->is_render ? OFX_FAILED : OFX_REPLY_DEFAULT;
    *again = true;
    return OFX_FAILED;
}

OfxStatus action_forward(const char *name, OfxImageEffectHandle effect, OfxPropertySetHandle in,
                         OfxPropertySetHandle out, bool may_start) {
    Instance stand_in;
    Instance *instance = instance_find(effect, &stand_in);
    const char *reason = "";
    prop_string(in, OFX_REASON, 0, &reason);
    for (int tries = 0; tries < 2; tries++) {
        Action action = {.name = name, .instance = instance, .in = in, .out = out};
        action.is_render = !strcmp(name, OFX_RENDER);
        action.is_change = !strcmp(name, OFX_CHANGED);
        action.by_user = action.is_change && !strcmp(reason, OFX_USER_EDITED);
        action.has_time = prop_double(in, OFX_TIME, 0, &action.time) && isfinite(action.time);
        if (action_aborts(&action)) return OFX_FAILED;
        bool again = false;
        OfxStatus status = attempt(&action, may_start, &again);
        if (!again) return status;
        log_line("the Python worker was lost during %s (try %d)", name, tries + 1);
        if (tries && action.is_render)
            say_why(&action, "the Python worker stopped twice while rendering this frame");
    }
    return strcmp(name, OFX_RENDER) ? OFX_REPLY_DEFAULT : OFX_FAILED;
}
