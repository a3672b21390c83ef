/* What the host calls: the exported functions and the main entry. */
#include <stddef.h>
#include <string.h>

#include "action.h"
#include "describe.h"
#include "host.h"
#include "log.h"
#include "manifest.h"
#include "worker.h"

static OfxStatus load(void) {
    log_open(manifest()->log);
    return host_load() ? OFX_OK : OFX_MISSING_HOST_FEATURE;
}

static OfxStatus unload(void) {
    worker_close();
    return OFX_OK;
}

/* Forwards when the manifest says so; `otherwise` when it does not, or when no worker is wanted for this. */
static OfxStatus forward(const char *action, OfxImageEffectHandle effect, OfxPropertySetHandle in,
                         OfxPropertySetHandle out, OfxStatus otherwise) {
    const Forward *to = manifest_forward(action);
    const char *name = "";
    if (!to) return otherwise;
    if (to->names && prop_string(in, OFX_NAME, 0, &name) && !text_listed(to->names, name)) return otherwise;
    OfxStatus status = action_forward(action, effect, in, out, to->may_start);
    return status == OFX_REPLY_DEFAULT ? otherwise : status;
}

static OfxStatus create(OfxImageEffectHandle effect, OfxPropertySetHandle in, OfxPropertySetHandle out) {
    if (!instance_create(effect)) return OFX_MEMORY;
    forward(OFX_CREATE, effect, in, out, OFX_OK); /* an instance lives also while Python does not */
    return OFX_OK;
}

static OfxStatus destroy(OfxImageEffectHandle effect, OfxPropertySetHandle in, OfxPropertySetHandle out) {
    forward(OFX_DESTROY, effect, in, out, OFX_OK);
    instance_destroy(effect);
    return OFX_OK;
}

/* A host that never renders again while an error stands needs it removed when the user changes something. */
static void changed(OfxImageEffectHandle effect, OfxPropertySetHandle in) {
    const char *reason = "";
    Instance stand_in;
    prop_string(in, OFX_REASON, 0, &reason);
    if (!strcmp(reason, OFX_USER_EDITED)) instance_clear(instance_find(effect, &stand_in));
}

static OfxStatus main_entry(const char *action, const void *handle, OfxPropertySetHandle in, OfxPropertySetHandle out) {
    OfxImageEffectHandle effect = (OfxImageEffectHandle)handle;
    if (!action) return OFX_FAILED;
    if (!strcmp(action, OFX_LOAD)) return load();
    if (!strcmp(action, OFX_UNLOAD)) return unload();
    if (!suites.effect || !suites.property || !suites.parameter) return OFX_MISSING_HOST_FEATURE;
    log_trace("%s", action);
    if (!effect) return OFX_BAD_HANDLE;
    if (!strcmp(action, OFX_DESCRIBE)) return describe_effect(effect);
    if (!strcmp(action, OFX_DESCRIBE_IN_CONTEXT)) return describe_context(effect, in);
    if (!strcmp(action, OFX_CREATE)) return create(effect, in, out);
    if (!strcmp(action, OFX_DESTROY)) return destroy(effect, in, out);
    if (!strcmp(action, OFX_CHANGED)) changed(effect, in);
    if (manifest_forward(action)) return forward(action, effect, in, out, OFX_REPLY_DEFAULT);
    if (!strcmp(action, OFX_ROD)) return region_of_definition(effect, in, out);
    if (!strcmp(action, OFX_ROI)) return regions_of_interest(effect, in, out);
    return answer_fixed(action, out);
}

OFX_EXPORT OfxStatus OfxSetHost(const OfxHost *host) {
    host_set((OfxHost *)host);
    return OFX_OK;
}

OFX_EXPORT int OfxGetNumberOfPlugins(void) { return manifest()->valid ? 1 : 0; }

OFX_EXPORT OfxPlugin *OfxGetPlugin(int index) {
    static OfxPlugin plugin;
    const Manifest *m = manifest();
    if (index != 0 || !m->valid) return NULL;
    plugin.pluginApi = OFX_IMAGE_EFFECT_API;
    plugin.apiVersion = 1;
    plugin.pluginIdentifier = m->id;
    plugin.pluginVersionMajor = (unsigned)m->major;
    plugin.pluginVersionMinor = (unsigned)m->minor;
    plugin.setHost = host_set;
    plugin.mainEntry = main_entry;
    return &plugin;
}
