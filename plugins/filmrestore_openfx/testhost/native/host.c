/* The host itself: loading a plug-in's library, effects, and calling actions. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if defined(_WIN32)
#define WIN32_LEAN_AND_MEAN
#include <windows.h>
#else
#include <dlfcn.h>
#endif

#include "testhost.h"

Handle host_props;
static OfxHost host;
static void *library;
static OfxPlugin *plugin;
static long last_action;

static const void *fetch(OfxPropertySetHandle from, const char *name, int version) {
    if (AS_HANDLE(from) != host_props) broken("fetchSuite with another handle than the host gave");
    if (!running) broken("fetchSuite outside of actions");
    if (!strcmp(name, OFX_IMAGE_EFFECT_SUITE) && version == 1) return behavior.missing & 1 ? NULL : &effect_suite;
    if (!strcmp(name, OFX_PROPERTY_SUITE) && version == 1) return behavior.missing & 2 ? NULL : &property_suite;
    if (!strcmp(name, OFX_PARAMETER_SUITE) && version == 1) return behavior.missing & 4 ? NULL : &parameter_suite;
    /* Version 1 of the message suite is the first member of version 2. */
    if (!strcmp(name, OFX_MESSAGE_SUITE) && version <= behavior.message_version) return &message_suite;
    if (!strcmp(name, OFX_PROGRESS_SUITE) && version <= behavior.progress_version)
        return version == 1 ? (const void *)&progress_suite_1 : (const void *)&progress_suite_2;
    return NULL;
}

#if defined(_WIN32)
static void *open_library(const char *path, char *error, int room) {
    void *found = (void *)LoadLibraryA(path);
    if (!found) snprintf(error, (size_t)room, "LoadLibrary failed with %lu", GetLastError());
    return found;
}
static void *symbol(const char *name) { return (void *)GetProcAddress((HMODULE)library, name); }
static void close_library(void) { FreeLibrary((HMODULE)library); }
#else
/* As hosts do: local symbols, all of them resolved at once. */
static void *open_library(const char *path, char *error, int room) {
    void *found = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!found) snprintf(error, (size_t)room, "%s", dlerror());
    return found;
}
static void *symbol(const char *name) { return dlsym(library, name); }
static void close_library(void) { dlclose(library); }
#endif

API Behavior *th_behavior(void) { return &behavior; }

/* A new host: nothing of the last one's description stays. */
API Handle th_host_reset(void) {
    props_free(host_props);
    host_props = props_new();
    return host_props;
}

/* Opens the library and takes its only plug-in; the number of plug-ins, or -1 with an error's text. */
API int th_open(const char *path, char *error, int room) {
    OfxStatus (*set_host)(const OfxHost *);
    int (*count)(void);
    OfxPlugin *(*get)(int);
    void *found;
    if (library) return snprintf(error, (size_t)room, "a library is open already"), -1;
    library = open_library(path, error, room);
    if (!library) return -1;
    host.host = AS_POINTER(OfxPropertySetHandle, host_props);
    host.fetchSuite = fetch;
    found = symbol("OfxSetHost");
    memcpy(&set_host, &found, sizeof found);
    if (set_host) set_host(&host);
    found = symbol("OfxGetNumberOfPlugins");
    memcpy(&count, &found, sizeof found);
    found = symbol("OfxGetPlugin");
    memcpy(&get, &found, sizeof found);
    if (!count || !get) return snprintf(error, (size_t)room, "the library does not export the standard's functions"), -1;
    int plugins = count();
    plugin = plugins > 0 ? get(0) : NULL;
    if (plugin && get(plugins)) broken("OfxGetPlugin answers beyond the last plug-in");
    if (plugin && get(-1)) broken("OfxGetPlugin answers for -1");
    if (plugin) plugin->setHost(&host);
    return plugins;
}

API void th_close(void) {
    if (library) close_library();
    library = NULL;
    plugin = NULL;
}

API const char *th_plugin_api(void) { return plugin ? plugin->pluginApi : ""; }
API const char *th_plugin_id(void) { return plugin ? plugin->pluginIdentifier : ""; }
API int th_plugin_version(int minor) {
    return plugin ? (int)(minor ? plugin->pluginVersionMinor : plugin->pluginVersionMajor) : -1;
}

static Effect *effect_new(void) {
    Effect *effect = calloc(1, sizeof *effect);
    effect->props = props_new();
    effect->self = table_add(KIND_EFFECT, effect);
    effect->param_set = table_add(KIND_PARAM_SET, effect);
    return effect;
}

API Handle th_descriptor_new(void) { return effect_new()->self; }

static void take_default(Param *param) {
    char text[4096] = "";
    for (int i = 0; i < 4; i++)
        th_get(param->props, "OfxParamPropDefault", i, &param->integers[i], &param->reals[i], text, sizeof text);
    if (*text) {
        free(param->string);
        param->string = copy_text(text);
    }
}

/* An instance has the clips and parameters of the descriptor in context, with their defaults. */
API Handle th_instance_new(Handle descriptor) {
    Effect *from = table_get(descriptor, KIND_EFFECT);
    if (!from) return 0;
    Effect *effect = effect_new();
    effect->is_instance = true;
    props_copy(from->props, effect->props);
    for (Clip *clip = from->clips; clip; clip = clip->next) props_copy(clip->props, clip_add(effect, clip->name)->props);
    for (Param *param = from->params; param; param = param->next) {
        Param *copy = param_add(effect, param->type, param->name);
        props_copy(param->props, copy->props);
        take_default(copy);
    }
    return effect->self;
}

API void th_effect_free(Handle handle) {
    Effect *effect = table_get(handle, KIND_EFFECT);
    if (!effect) return;
    if (effect->edits_begun != effect->edits_ended) broken("an edit block was never ended");
    table_remove(effect->self);
    table_remove(effect->param_set);
    props_free(effect->props);
    while (effect->clips) {
        Clip *next = effect->clips->next;
        table_remove(effect->clips->self);
        props_free(effect->clips->props);
        free(effect->clips->name);
        free(effect->clips);
        effect->clips = next;
    }
    while (effect->params) {
        Param *param = effect->params, *next = param->next;
        table_remove(param->self);
        props_free(param->props);
        free(param->name);
        free(param->type);
        free(param->string);
        free(param);
        effect->params = next;
    }
    free(effect);
}

API Handle th_effect_props(Handle handle) {
    Effect *effect = table_get(handle, KIND_EFFECT);
    return effect ? effect->props : 0;
}

/* The property set of the clip at a place, and its name; 0 beyond the last. */
API Handle th_clip_at(Handle handle, int place, char *name, int room) {
    Effect *effect = table_get(handle, KIND_EFFECT);
    Clip *clip = effect ? effect->clips : NULL;
    while (clip && place-- > 0) clip = clip->next;
    if (!clip) return 0;
    snprintf(name, (size_t)room, "%s", clip->name);
    return clip->props;
}

API int th_edits(Handle handle) {
    Effect *effect = table_get(handle, KIND_EFFECT);
    return effect && effect->edits_begun == effect->edits_ended ? effect->edits_begun : -1;
}

/* Images that an action fetched and did not release. */
static void find_leftovers(long number) {
    for (Handle image; (image = table_image_of(number));) {
        Props *props = table_get(image, KIND_PROPS);
        int64_t token = props->token;
        broken("an image was not released");
        props_free(image);
        if (behavior.take_back) behavior.take_back(token);
    }
}

API int th_action(const char *action, Handle effect, Handle in, Handle out) {
    Running frame = {0, action, effect, 0, false, false, running};
    int i;
    char reason[64] = "";
    double unused;
    if (!plugin) return -1;
    table_lock();
    frame.number = ++last_action;
    table_unlock();
    frame.has_time = in && th_get(in, OFX_TIME, 0, &i, &frame.time, reason, sizeof reason) == 'd';
    if (in && th_get(in, OFX_REASON, 0, &i, &unused, reason, sizeof reason) == 's')
        frame.by_user = !strcmp(reason, OFX_USER_EDITED);
    running = &frame;
    int status = plugin->mainEntry(action, AS_POINTER(const void *, effect), AS_POINTER(OfxPropertySetHandle, in),
                                   AS_POINTER(OfxPropertySetHandle, out));
    find_leftovers(frame.number);
    running = frame.below;
    return status;
}
