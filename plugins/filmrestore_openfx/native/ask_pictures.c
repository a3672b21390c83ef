/* Images for the worker, and the shared memory they travel in. */
#include <limits.h>
#include <math.h>
#include <string.h>

#include "action.h"
#include "host.h"
#include "log.h"
#include "manifest.h"

#define MOST_BYTES (4LL << 30)
#define OFFSET_STEP 16

/* The standard wants temporal access declared on the clip as well as on the effect. */
static bool clip_is_temporal(const Section *clip) {
    const Manifest *m = manifest();
    for (size_t i = clip->first; i < clip->first + clip->count; i++)
        if (!strcmp(m->properties[i].name, OFX_TEMPORAL)) return m->properties[i].integer != 0;
    return false;
}

static bool other_times_granted(const Section *clip) {
    int granted = 0;
    prop_int(host_properties(), OFX_TEMPORAL, 0, &granted);
    return granted && clip_is_temporal(clip);
}

const char *clip_for_image(Action *action, const char *name, const char *time, OfxImageClipHandle *clip, double *at) {
    const Section *section = manifest_section(SECTION_CLIP, name);
    OfxPropertySetHandle set = NULL;
    int connected = 1;
    *clip = NULL;
    if (!section || !strcmp(name, "Output")) return "bad: the manifest has no such input clip";
    if (!text_to_double(time, at)) return "bad: the time is no finite number";
    if (!action->is_render && !action->by_user) return "not-now";
    if (action->has_time && *at != action->time && !other_times_granted(section)) return "no-temporal";
    if (!section_in_context(section, action->instance->context)) return "missing";
    if (!suites.effect->clipGetHandle
        || suites.effect->clipGetHandle(action->instance->effect, name, clip, &set) != OFX_OK || !*clip)
        return "missing";
    if (!set && suites.effect->clipGetPropertySet) suites.effect->clipGetPropertySet(*clip, &set);
    prop_int(set, OFX_CLIP_CONNECTED, 0, &connected);
    return connected ? NULL : "missing";
}

/* Sends a refusal of clip_for_image or picture_open in the protocol's form. */
static void refuse(Action *action, const char *why) {
    if (!strncmp(why, "bad: ", 5))
        answer_bad(action, why + 5);
    else if (text_listed("missing,not-now,no-temporal", why))
        answer_no(action, why, NULL);
    else
        answer_no(action, "unusable", why);
}

void ask_image(Action *action, char **f, int n) {
    (void)n;
    OfxImageClipHandle clip;
    double time;
    char key[33];
    picture_close(&action->open);
    const char *why = clip_for_image(action, f[1], f[2], &clip, &time);
    if (!why) why = picture_open(&action->open, clip, time);
    if (why) {
        refuse(action, why);
        return;
    }
    const Picture *p = &action->open;
    picture_key(p, key);
    log_trace("image %s %s: %dx%d %s %s", f[1], f[2], p->bounds.x2 - p->bounds.x1, p->bounds.y2 - p->bounds.y1,
              p->depth, p->components);
    answer_ok(action);
    text_field(&action->answer, key);
    text_field_int(&action->answer, p->bounds.x1);
    text_field_int(&action->answer, p->bounds.y1);
    text_field_int(&action->answer, p->bounds.x2);
    text_field_int(&action->answer, p->bounds.y2);
    text_field(&action->answer, p->depth);
    text_field(&action->answer, p->components);
    text_field(&action->answer, p->premult);
    text_field(&action->answer, strlen(p->uid) < 256 ? p->uid : "");
    text_field_double(&action->answer, p->scale[0]);
    text_field_double(&action->answer, p->scale[1]);
    text_field(&action->answer, p->field);
    text_field_int(&action->answer, (long long)p->size);
    text_field_double(&action->answer, p->par);
    answer_send(action, -1);
}

/* The segment and offset of a request, when `size` bytes fit there. */
static Segment *place(Action *action, const char *number, const char *offset, size_t size, size_t *at) {
    long long parsed, start;
    Segment *segment = NULL;
    if (text_to_int(number, 1, INT_MAX, &parsed)) segment = segment_hold(parsed);
    if (!segment) {
        answer_bad(action, "there is no such segment");
        return NULL;
    }
    if (!text_to_int(offset, 0, MOST_BYTES, &start) || start % OFFSET_STEP
        || (unsigned long long)start > segment->shared.size || segment->shared.size - (size_t)start < size) {
        segment_let_go(segment);
        answer_bad(action, "the picture does not fit into the segment there");
        return NULL;
    }
    *at = (size_t)start;
    return segment;
}

void ask_pixels(Action *action, char **f, int n) {
    (void)n;
    size_t at;
    if (!action->open.image) {
        answer_bad(action, "no image is open");
        return;
    }
    Segment *segment = place(action, f[1], f[2], action->open.size, &at);
    if (!segment) return;
    picture_rows(&action->open, segment->shared.bytes + at);
    segment_let_go(segment);
    answer_ok(action);
    text_field_int(&action->answer, (long long)action->open.size);
    answer_send(action, -1);
}

void ask_segment(Action *action, char **f, int n) {
    (void)n;
    long long size;
    if (!text_to_int(f[1], 1, MOST_BYTES, &size)) {
        answer_bad(action, "the size is no number from 1 to 4 GiB");
        return;
    }
    Segment *segment = segment_make((unsigned long long)size);
    if (!segment) {
        answer_no(action, "memory", NULL);
        return;
    }
    answer_ok(action);
    text_field_int(&action->answer, segment->number);
    text_field_int(&action->answer, size);
    if (*segment->shared.name) text_field(&action->answer, segment->shared.name);
    answer_send(action, segment->shared.handle);
    segment_let_go(segment);
}

void ask_drop(Action *action, char **f, int n) {
    (void)n;
    long long number;
    if (!text_to_int(f[1], 1, INT_MAX, &number) || !segment_drop(number)) {
        answer_bad(action, "there is no such segment");
        return;
    }
    answer_ok(action);
    answer_send(action, -1);
}

void ask_copy(Action *action, char **f, int n) {
    (void)n;
    OfxImageClipHandle clip;
    double time;
    if (!action->is_render || action->stage_count) {
        answer_bad(action, action->is_render ? "a copy must be the first stage" : "only a render has an output");
        return;
    }
    output_forget(action);
    const char *why = clip_for_image(action, f[1], f[2], &clip, &time);
    if (!why) why = picture_open(&action->source, clip, time);
    if (why) {
        refuse(action, why);
        return;
    }
    const char *wrong = output_stage_copy(action);
    if (wrong) {
        output_forget(action);
        answer_no(action, wrong, NULL);
        return;
    }
    answer_ok(action);
    answer_send(action, -1);
}

void ask_write(Action *action, char **f, int n) {
    (void)n;
    long long corner[4];
    size_t at;
    for (int i = 0; i < 4; i++) {
        if (text_to_int(f[3 + i], -1000000, 1000000, &corner[i])) continue;
        answer_bad(action, "the box is not of numbers within a million");
        return;
    }
    Area box = {(int)corner[0], (int)corner[1], (int)corner[2], (int)corner[3]};
    if (!action->is_render || area_empty(box) || box.x2 - box.x1 > 65536 || box.y2 - box.y1 > 65536) {
        answer_bad(action, action->is_render ? "the box is empty or too large" : "only a render has an output");
        return;
    }
    const char *wrong = output_format(action);
    if (wrong) {
        answer_no(action, "unusable", wrong);
        return;
    }
    size_t size = action->pixel * (size_t)(box.x2 - box.x1) * (size_t)(box.y2 - box.y1);
    Segment *segment = place(action, f[1], f[2], size, &at);
    if (!segment) return;
    if (!output_stage(action, segment, at, box)) {
        segment_let_go(segment);
        answer_no(action, "memory", NULL);
        return;
    }
    answer_ok(action);
    answer_send(action, -1);
}
