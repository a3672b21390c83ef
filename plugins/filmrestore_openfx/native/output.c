/* The output: its format, what is staged for it, and the one moment when it is written. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "action.h"
#include "host.h"

/* Opens the host's output image; NULL or what is wrong. */
static const char *open_output(Action *action, Picture *output, Area *window, Area *target) {
    OfxImageClipHandle clip = NULL;
    int corner[4];
    if (!action->has_time) return "the host gave no time to render";
    if (!suites.effect->clipGetHandle
        || suites.effect->clipGetHandle(action->instance->effect, "Output", &clip, NULL) != OFX_OK)
        return "the host has no Output clip";
    const char *wrong = picture_open(output, clip, action->time);
    if (wrong) return !strcmp(wrong, "missing") ? "the host gave no output image" : wrong;
    *window = output->bounds;
    if (prop_ints(action->in, OFX_WINDOW, 4, corner)) *window = (Area){corner[0], corner[1], corner[2], corner[3]};
    *target = area_meet(*window, output->bounds);
    return NULL;
}

static void remember_format(Action *action, const Picture *output) {
    text_copy(action->depth, sizeof action->depth, output->depth);
    text_copy(action->components, sizeof action->components, output->components);
    action->pixel = output->pixel;
    action->format_known = true;
}

const char *output_format(Action *action) {
    Picture output;
    Area window, target;
    if (action->format_known) return NULL;
    const char *wrong = open_output(action, &output, &window, &target);
    if (wrong) return wrong;
    remember_format(action, &output);
    picture_close(&output);
    return NULL;
}

static void field_area(Action *action, Area area) {
    text_field_int(&action->answer, area.x1);
    text_field_int(&action->answer, area.y1);
    text_field_int(&action->answer, area.x2);
    text_field_int(&action->answer, area.y2);
}

void ask_output(Action *action, char **f, int n) {
    (void)f;
    (void)n;
    Picture output;
    Area window, target;
    if (!action->is_render) {
        answer_bad(action, "only a render has an output");
        return;
    }
    const char *wrong = open_output(action, &output, &window, &target);
    if (wrong) {
        answer_no(action, "unusable", wrong);
        return;
    }
    remember_format(action, &output);
    answer_ok(action);
    field_area(action, output.bounds);
    text_field(&action->answer, output.depth);
    text_field(&action->answer, output.components);
    text_field(&action->answer, output.premult);
    field_area(action, window);
    field_area(action, target);
    picture_close(&output);
    answer_send(action, -1);
}

bool output_stage(Action *action, Segment *segment, size_t offset, Area box) {
    if (action->stage_count == MOST_STAGED) return false;
    if (!(action->stage_count & (action->stage_count - 1))) {
        size_t room = action->stage_count ? action->stage_count * 2 : 1;
        Stage *grown = realloc(action->stages, room * sizeof *grown);
        if (!grown) return false;
        action->stages = grown;
    }
    action->stages[action->stage_count++] = (Stage){segment, offset, box};
    return true;
}

const char *output_stage_copy(Action *action) {
    static const Area everything = {INT_MIN, INT_MIN, INT_MAX, INT_MAX};
    if (output_format(action)) return "unusable";
    if (strcmp(action->source.depth, action->depth) || strcmp(action->source.components, action->components))
        return "format";
    return output_stage(action, NULL, 0, everything) ? NULL : "memory";
}

static void write_box(const Picture *output, Area target, const Stage *stage) {
    Area area = area_meet(target, stage->box);
    if (area_empty(area)) return;
    size_t row = output->pixel * (size_t)(stage->box.x2 - stage->box.x1);
    size_t width = output->pixel * (size_t)(area.x2 - area.x1);
    const unsigned char *from = stage->segment->shared.bytes + stage->offset
                                + output->pixel * (size_t)(area.x1 - stage->box.x1);
    for (int y = area.y1; y < area.y2; y++)
        memcpy(picture_pixel(output, area.x1, y), from + row * (size_t)(stage->box.y2 - 1 - y), width);
}

static void write_copy(const Picture *output, Area target, const Picture *source) {
    Area area = area_meet(target, source->bounds);
    size_t width = area_empty(area) ? 0 : output->pixel * (size_t)(area.x2 - area.x1);
    for (int y = target.y1; y < target.y2; y++) {
        bool shown = width && y >= area.y1 && y < area.y2;
        int first = shown ? area.x1 : target.x2, last = shown ? area.x2 : target.x2;
        if (first > target.x1)
            memset(picture_pixel(output, target.x1, y), 0, output->pixel * (size_t)(first - target.x1));
        /* a host may give one buffer for both: memmove */
        if (shown) memmove(picture_pixel(output, area.x1, y), picture_pixel(source, area.x1, y), width);
        if (last < target.x2) memset(picture_pixel(output, last, y), 0, output->pixel * (size_t)(target.x2 - last));
    }
}

const char *output_commit(Action *action) {
    Picture output;
    Area window, target;
    const char *wrong = open_output(action, &output, &window, &target);
    if (wrong) return wrong;
    if (!area_empty(target)) {
        if (!action->stage_count || !area_holds(action->stages[0].box, target))
            wrong = "the Python worker did not fill the whole picture";
        else if (strcmp(output.depth, action->depth) || strcmp(output.components, action->components))
            wrong = "the host changed the output's format during the render";
        for (size_t i = 0; !wrong && i < action->stage_count; i++) {
            if (action->stages[i].segment)
                write_box(&output, target, &action->stages[i]);
            else
                write_copy(&output, target, &action->source);
        }
    }
    picture_close(&output);
    return wrong;
}

void output_forget(Action *action) {
    for (size_t i = 0; i < action->stage_count; i++) segment_let_go(action->stages[i].segment);
    free(action->stages);
    action->stages = NULL;
    action->stage_count = 0;
    picture_close(&action->source);
}
