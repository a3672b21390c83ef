/* One action in flight: what the host gave, what the worker asked for so far. */
#ifndef FILMRESTORE_ACTION_H
#define FILMRESTORE_ACTION_H

#include <stdbool.h>
#include <stddef.h>

#include "instance.h"
#include "ofx_abi.h"
#include "picture.h"
#include "segments.h"
#include "text.h"
#include "worker.h"

#define MOST_FIELDS 16
#define MOST_STAGED 4096

/* A picture to be put into the output when the action ends well. */
typedef struct Stage {
    Segment *segment; /* NULL: a copy of the clip's picture */
    size_t offset;
    Area box;
} Stage;

typedef struct Action {
    const char *name;
    Instance *instance;
    OfxPropertySetHandle in, out;
    double time;
    bool has_time, is_render, is_change, by_user;
    Connection *connection;
    Text answer;
    /* since the worker asked */
    bool aborted, lost, ended, persisted, editing, progressing;
    int mistakes;
    long requests;
    Picture open;   /* the image `pixels` copies from */
    Picture source; /* the picture a staged copy comes from */
    Stage *stages;
    size_t stage_count;
    bool format_known;
    char depth[8], components[8]; /* of the output */
    size_t pixel;                 /* bytes */
} Action;

/* Forwards one action; the standard's status. */
OfxStatus action_forward(const char *name, OfxImageEffectHandle effect, OfxPropertySetHandle in,
                         OfxPropertySetHandle out, bool may_start);

/* serve.c: the abort flag, asked of the host on this thread; and the three kinds of answers. */
bool action_aborts(Action *action);
void answer_ok(Action *action); /* begins an answer; add fields, then answer_send */
void answer_no(Action *action, const char *reason, const char *text);
void answer_bad(Action *action, const char *text);
void answer_send(Action *action, long long shared);

/* ask_values.c */
void ask_hostprop(Action *action, char **f, int n);
void ask_effectprop(Action *action, char **f, int n);
void ask_param(Action *action, char **f, int n);
void ask_params(Action *action, char **f, int n);
void ask_clip(Action *action, char **f, int n);
/* ask_changes.c */
void ask_set(Action *action, char **f, int n);
void ask_paramprop(Action *action, char **f, int n);
void ask_out(Action *action, char **f, int n);
void ask_abort(Action *action, char **f, int n);
void ask_persist(Action *action, char **f, int n);
void ask_clearpersist(Action *action, char **f, int n);
void ask_progress(Action *action, char **f, int n);
/* ask_pictures.c */
void ask_image(Action *action, char **f, int n);
void ask_pixels(Action *action, char **f, int n);
void ask_segment(Action *action, char **f, int n);
void ask_drop(Action *action, char **f, int n);
void ask_copy(Action *action, char **f, int n);
void ask_write(Action *action, char **f, int n);
/* output.c */
void ask_output(Action *action, char **f, int n);
const char *output_format(Action *action); /* learns depth and components; NULL, or what is wrong */
bool output_stage(Action *action, Segment *segment, size_t offset, Area box);
const char *output_stage_copy(Action *action); /* of `source`; NULL, or the reason */
/* Puts the stages into the output. NULL, or what is wrong. */
const char *output_commit(Action *action);
void output_forget(Action *action);

/* ask_pictures.c: may this image be asked for now? NULL, or the reason why not. Fills the clip's handle and time. */
const char *clip_for_image(Action *action, const char *name, const char *time, OfxImageClipHandle *clip, double *at);

#endif
