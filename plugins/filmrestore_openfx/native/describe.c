/* Playing the manifest to the host. */
#include "describe.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "host.h"
#include "log.h"
#include "manifest.h"

/* Hosts refuse properties they do not know; that is never a reason to fail. */
static void play(const Section *section, OfxPropertySetHandle set) {
    const Manifest *m = manifest();
    for (size_t i = section->first; i < section->first + section->count; i++) {
        const Property *p = &m->properties[i];
        bool taken;
        if (p->if_property && !prop_has_string(host_properties(), p->if_property, p->if_value)) continue;
        switch (p->type) {
        case 's': taken = prop_set_string(set, p->name, p->index, p->text); break;
        case 'i': taken = prop_set_int(set, p->name, p->index, p->integer); break;
        default: taken = prop_set_double(set, p->name, p->index, p->real);
        }
        if (!taken) log_trace("the host does not take %s of %s", p->name, section->name);
    }
}

OfxStatus describe_effect(OfxImageEffectHandle effect) {
    const Manifest *m = manifest();
    OfxPropertySetHandle set = NULL;
    if (!suites.effect->getPropertySet || suites.effect->getPropertySet(effect, &set) != OFX_OK || !set)
        return OFX_MISSING_HOST_FEATURE;
    for (size_t i = 0; i < m->section_count; i++)
        if (m->sections[i].kind == SECTION_EFFECT) play(&m->sections[i], set);
    return OFX_OK;
}

OfxStatus describe_context(OfxImageEffectHandle effect, OfxPropertySetHandle in) {
    const Manifest *m = manifest();
    OfxParamSetHandle params = NULL;
    const char *context = "";
    prop_string(in, OFX_CONTEXT, 0, &context);
    if (suites.effect->getParamSet) suites.effect->getParamSet(effect, &params);
    for (size_t i = 0; i < m->section_count; i++) {
        const Section *section = &m->sections[i];
        OfxPropertySetHandle set = NULL;
        OfxStatus status = OFX_OK;
        if (!section_in_context(section, context)) continue;
        if (section->kind == SECTION_CLIP && suites.effect->clipDefine)
            status = suites.effect->clipDefine(effect, section->name, &set);
        else if (section->kind == SECTION_PARAM && params && suites.parameter->paramDefine)
            status = suites.parameter->paramDefine(params, section->type, section->name, &set);
        else
            continue;
        if (status == OFX_OK && set)
            play(section, set);
        else
            log_trace("the host does not take %s: status %d", section->name, status);
    }
    return OFX_OK;
}

OfxStatus answer_fixed(const char *action, OfxPropertySetHandle out) {
    const Section *section = manifest_section(SECTION_ANSWER, action);
    if (!section) return OFX_REPLY_DEFAULT;
    play(section, out);
    return OFX_OK;
}

static bool clip_region(OfxImageEffectHandle effect, const char *name, double time, OfxRectD *region) {
    OfxImageClipHandle clip = NULL;
    OfxPropertySetHandle set = NULL;
    int connected = 1;
    if (!suites.effect->clipGetHandle || !suites.effect->clipGetRegionOfDefinition) return false;
    if (suites.effect->clipGetHandle(effect, name, &clip, &set) != OFX_OK || !clip) return false;
    if (!set && suites.effect->clipGetPropertySet) suites.effect->clipGetPropertySet(clip, &set);
    prop_int(set, OFX_CLIP_CONNECTED, 0, &connected);
    if (!connected || suites.effect->clipGetRegionOfDefinition(clip, time, region) != OFX_OK) return false;
    return isfinite(region->x1) && isfinite(region->y1) && isfinite(region->x2) && isfinite(region->y2)
           && region->x1 < region->x2 && region->y1 < region->y2;
}

static bool set_region(OfxPropertySetHandle out, const char *name, const OfxRectD *region) {
    const double corner[4] = {region->x1, region->y1, region->x2, region->y2};
    bool all = true;
    for (int i = 0; i < 4; i++) all &= prop_set_double(out, name, i, corner[i]);
    return all;
}

OfxStatus region_of_definition(OfxImageEffectHandle effect, OfxPropertySetHandle in, OfxPropertySetHandle out) {
    const Manifest *m = manifest();
    OfxRectD region;
    double time = 0;
    if (!m->rod || !prop_double(in, OFX_TIME, 0, &time)) return OFX_REPLY_DEFAULT;
    if (!clip_region(effect, m->rod, time, &region)) return OFX_REPLY_DEFAULT;
    return set_region(out, OFX_REGION_OF_DEFINITION, &region) ? OFX_OK : OFX_REPLY_DEFAULT;
}

OfxStatus regions_of_interest(OfxImageEffectHandle effect, OfxPropertySetHandle in, OfxPropertySetHandle out) {
    const Manifest *m = manifest();
    double time = 0, asked[4];
    bool answered = false;
    prop_double(in, OFX_TIME, 0, &time);
    bool window = prop_doubles(in, OFX_REGION_OF_INTEREST, 4, asked);
    for (size_t i = 0; i < m->interest_count; i++) {
        const Interest *interest = &m->interests[i];
        OfxRectD region;
        char name[300];
        if ((size_t)snprintf(name, sizeof name, "%s%s", OFX_CLIP_ROI_PREFIX, interest->clip) >= sizeof name) continue;
        if (!clip_region(effect, interest->clip, time, &region)) continue;
        if (!interest->whole && !window) continue;
        if (!interest->whole) region = (OfxRectD){asked[0], asked[1], asked[2], asked[3]};
        answered |= set_region(out, name, &region);
    }
    return answered ? OFX_OK : OFX_REPLY_DEFAULT;
}
