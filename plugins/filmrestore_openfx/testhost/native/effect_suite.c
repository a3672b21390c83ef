/* The image effect suite: effects, clips, images, abort. */
#include <stdlib.h>
#include <string.h>

#include "testhost.h"

static Effect *effect_of(const void *handle, const char *function) {
    if (!may_call(function)) return NULL;
    Effect *effect = table_get(AS_HANDLE(handle), KIND_EFFECT);
    if (!effect)
        broken("%s with a handle that is no live effect", function);
    else if (running->effect != effect->self)
        broken("%s for another effect than the one of this thread's action", function);
    return effect;
}

static Clip *clip_of(const void *handle, const char *function) {
    if (!may_call(function)) return NULL;
    Clip *clip = table_get(AS_HANDLE(handle), KIND_CLIP);
    if (!clip) broken("%s with a handle that is no live clip", function);
    return clip;
}

static Clip *named(Effect *effect, const char *name) {
    Clip *clip = effect->clips;
    while (clip && strcmp(clip->name, name)) clip = clip->next;
    return clip;
}

static OfxStatus get_property_set(OfxImageEffectHandle handle, OfxPropertySetHandle *set) {
    Effect *effect = effect_of(handle, "getPropertySet");
    if (!effect) return OFX_BAD_HANDLE;
    *set = AS_POINTER(OfxPropertySetHandle, effect->props);
    return OFX_OK;
}

static OfxStatus get_param_set(OfxImageEffectHandle handle, OfxParamSetHandle *set) {
    Effect *effect = effect_of(handle, "getParamSet");
    if (!effect) return OFX_BAD_HANDLE;
    *set = AS_POINTER(OfxParamSetHandle, effect->param_set);
    return OFX_OK;
}

Clip *clip_add(Effect *effect, const char *name) {
    Clip *clip = calloc(1, sizeof *clip);
    clip->name = copy_text(name);
    clip->props = props_new();
    clip->effect = effect->self;
    clip->self = table_add(KIND_CLIP, clip);
    Clip **end = &effect->clips;
    while (*end) end = &(*end)->next;
    *end = clip;
    return clip;
}

static OfxStatus clip_define(OfxImageEffectHandle handle, const char *name, OfxPropertySetHandle *set) {
    Effect *effect = effect_of(handle, "clipDefine");
    if (!effect || !name) return OFX_BAD_HANDLE;
    if (strcmp(running->action, OFX_DESCRIBE_IN_CONTEXT)) broken("clipDefine outside DescribeInContext");
    if (named(effect, name)) {
        broken("clip %s is defined twice", name);
        return OFX_EXISTS;
    }
    Clip *clip = clip_add(effect, name);
    if (set) *set = AS_POINTER(OfxPropertySetHandle, clip->props);
    return OFX_OK;
}

static OfxStatus clip_handle(OfxImageEffectHandle handle, const char *name, OfxImageClipHandle *out,
                             OfxPropertySetHandle *set) {
    Effect *effect = effect_of(handle, "clipGetHandle");
    if (!effect || !name) return OFX_BAD_HANDLE;
    if (!effect->is_instance) broken("clipGetHandle on a descriptor");
    Clip *clip = named(effect, name);
    if (!clip) return OFX_UNKNOWN;
    *out = AS_POINTER(OfxImageClipHandle, clip->self);
    if (set) *set = AS_POINTER(OfxPropertySetHandle, clip->props);
    return OFX_OK;
}

static OfxStatus clip_properties(OfxImageClipHandle handle, OfxPropertySetHandle *set) {
    Clip *clip = clip_of(handle, "clipGetPropertySet");
    if (!clip) return OFX_BAD_HANDLE;
    *set = AS_POINTER(OfxPropertySetHandle, clip->props);
    return OFX_OK;
}

/* May the effect ask for an image of this clip at this time, in this action? */
static void check_image_rules(const Clip *clip, double time) {
    int i = 0, temporal = 0;
    double d;
    char s[8];
    bool renders = !strcmp(running->action, OFX_RENDER);
    if (!renders && !running->by_user) broken("clipGetImage in an action that may not fetch images");
    if (!strcmp(clip->name, "Output")) {
        if (running->has_time && time != running->time) broken("the output was asked for another time");
        return;
    }
    if (running->has_time && time == running->time) return;
    if (th_get(host_props, OFX_TEMPORAL, 0, &i, &d, s, sizeof s) == 'i') temporal = i;
    if (!temporal) broken("clip %s was asked for time %g, and the host grants only %g", clip->name, time, running->time);
    if (th_get(clip->props, OFX_TEMPORAL, 0, &i, &d, s, sizeof s) != 'i' || !i)
        broken("clip %s was asked for another time without temporal access in its descriptor", clip->name);
}

static void fill_image(Handle image, const ImageGiven *g) {
    if (!(g->leave_out & 1)) prop_put(image, OFX_IMAGE_DATA, 'p', 0, 0, 0, NULL, g->data);
    for (int i = 0; i < 4 && !(g->leave_out & 2); i++) prop_put(image, OFX_IMAGE_BOUNDS, 'i', i, g->bounds[i], 0, NULL, NULL);
    if (!(g->leave_out & 4)) prop_put(image, OFX_IMAGE_ROW_BYTES, 'i', 0, g->row_bytes, 0, NULL, NULL);
    if (!(g->leave_out & 8)) prop_put(image, OFX_DEPTH, 's', 0, 0, 0, g->depth, NULL);
    if (!(g->leave_out & 16)) prop_put(image, OFX_COMPONENTS, 's', 0, 0, 0, g->components, NULL);
    prop_put(image, OFX_PREMULTIPLICATION, 's', 0, 0, 0, g->premult, NULL);
    prop_put(image, OFX_IMAGE_UID, 's', 0, 0, 0, g->uid, NULL);
    prop_put(image, OFX_IMAGE_FIELD, 's', 0, 0, 0, g->field, NULL);
    prop_put(image, OFX_SCALE, 'd', 0, 0, g->scale[0], NULL, NULL);
    prop_put(image, OFX_SCALE, 'd', 1, 0, g->scale[1], NULL, NULL);
    prop_put(image, OFX_IMAGE_PAR, 'd', 0, 0, g->par, NULL, NULL);
}

static OfxStatus clip_image(OfxImageClipHandle handle, OfxTime time, const OfxRectD *region, OfxPropertySetHandle *out) {
    Clip *clip = clip_of(handle, "clipGetImage");
    (void)region;
    if (!clip || !out) return OFX_BAD_HANDLE;
    if (clip->effect != running->effect) broken("clipGetImage for a clip of another effect");
    check_image_rules(clip, time);
    ImageGiven given;
    memset(&given, 0, sizeof given);
    given.depth = given.components = given.premult = given.uid = "";
    given.field = "OfxFieldNone";
    given.scale[0] = given.scale[1] = given.par = 1;
    OfxStatus status = behavior.give ? behavior.give(clip->effect, clip->name, time, &given) : OFX_FAILED;
    if (status != OFX_OK) return status;
    Handle image = props_new();
    Props *props = table_get(image, KIND_PROPS);
    props->action = running->number;
    props->token = given.token;
    fill_image(image, &given);
    *out = AS_POINTER(OfxPropertySetHandle, image);
    return OFX_OK;
}

static OfxStatus release_image(OfxPropertySetHandle handle) {
    if (!may_call("clipReleaseImage")) return OFX_FAILED;
    Props *props = table_get(AS_HANDLE(handle), KIND_PROPS);
    if (!props || !props->action) {
        broken("clipReleaseImage of something that is no live image");
        return OFX_BAD_HANDLE;
    }
    if (props->action != running->number) broken("an image is released in another action than it was fetched in");
    int64_t token = props->token;
    props_free(AS_HANDLE(handle));
    if (behavior.take_back) behavior.take_back(token);
    return OFX_OK;
}

static OfxStatus clip_region(OfxImageClipHandle handle, OfxTime time, OfxRectD *region) {
    Clip *clip = clip_of(handle, "clipGetRegionOfDefinition");
    double corner[4] = {0, 0, 0, 0};
    int i;
    char s[8];
    (void)time;
    if (!clip) return OFX_BAD_HANDLE;
    for (int k = 0; k < 4; k++)
        if (th_get(clip->props, OFX_REGION_OF_DEFINITION, k, &i, &corner[k], s, sizeof s) != 'd') return OFX_FAILED;
    *region = (OfxRectD){corner[0], corner[1], corner[2], corner[3]};
    return OFX_OK;
}

static int aborts(OfxImageEffectHandle handle) {
    Effect *effect = effect_of(handle, "abort");
    if (!effect) return 1;
    if (strcmp(running->action, OFX_RENDER)) broken("abort() outside of Render");
    return behavior.aborts ? behavior.aborts(effect->self) : 0;
}

static OfxStatus memory_alloc(OfxImageEffectHandle e, unsigned long n, OfxImageMemoryHandle *m) {
    (void)e;
    (void)n;
    (void)m;
    return OFX_MEMORY;
}
static OfxStatus memory_other(OfxImageMemoryHandle m) {
    (void)m;
    return OFX_BAD_HANDLE;
}
static OfxStatus memory_lock(OfxImageMemoryHandle m, void **p) {
    (void)m;
    (void)p;
    return OFX_BAD_HANDLE;
}

const OfxImageEffectSuiteV1 effect_suite = {
    get_property_set, get_param_set, clip_define, clip_handle,  clip_properties, clip_image,  release_image,
    clip_region,      aborts,        memory_alloc, memory_other, memory_lock,     memory_other,
};
