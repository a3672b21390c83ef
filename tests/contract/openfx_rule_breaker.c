/* A plug-in that breaks one rule of the standard at a time, to see that the reference host notices.
 * Which one: the environment variable RULE. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "ofx_abi.h"

static OfxHost *host;
static const OfxImageEffectSuiteV1 *effects;
static const OfxPropertySuiteV1 *properties;
static const OfxParameterSuiteV1 *parameters;
static const OfxMessageSuiteV2 *messages;
static OfxPropertySetHandle kept;

static int rule(const char *name) {
    const char *asked = getenv("RULE");
    return asked && !strcmp(asked, name);
}

static void *on_another_thread(void *effect) {
    OfxPropertySetHandle set = NULL;
    effects->getPropertySet(effect, &set);
    return NULL;
}

static void describe(OfxImageEffectHandle effect) {
    OfxPropertySetHandle set = NULL;
    OfxParamSetHandle params = NULL;
    effects->clipDefine(effect, "Source", &set);
    properties->propSetInt(set, OFX_TEMPORAL, 0, !rule("clip not temporal"));
    effects->clipDefine(effect, "Output", &set);
    if (rule("clip twice")) effects->clipDefine(effect, "Output", &set);
    effects->getParamSet(effect, &params);
    parameters->paramDefine(params, "OfxParamTypeDouble", "strength", &set);
    if (rule("param twice")) parameters->paramDefine(params, "OfxParamTypeDouble", "strength", &set);
    if (rule("unknown type")) parameters->paramDefine(params, "OfxParamTypeQuaternion", "q", &set);
    if (rule("type changed")) properties->propSetString(set, OFX_TEMPORAL, 0, "x");
    if (rule("type changed")) properties->propSetInt(set, OFX_TEMPORAL, 0, 1);
}

static void break_a_rule(OfxImageEffectHandle effect, OfxImageClipHandle source, OfxPropertySetHandle image, double time) {
    OfxPropertySetHandle other = NULL;
    OfxParamSetHandle params = NULL;
    OfxParamHandle strength = NULL;
    void *data = NULL;
    int value;
    char *text;
    effects->getParamSet(effect, &params);
    parameters->paramGetHandle(params, "strength", &strength, NULL);
    properties->propGetPointer(image, OFX_IMAGE_DATA, 0, &data);
    if (rule("image kept")) effects->clipGetImage(source, time, NULL, &other);
    if (rule("other time") || rule("clip not temporal")) {
        effects->clipGetImage(source, time + 1, NULL, &other);
        if (other) effects->clipReleaseImage(other);
    }
    if (rule("image of a past action") && !kept) effects->clipGetImage(source, time, NULL, &kept);
    if (rule("released twice")) effects->clipReleaseImage(image);
    if (rule("wild handle")) properties->propGetInt((OfxPropertySetHandle)0x1234, OFX_TIME, 0, &value);
    if (rule("wrong kind of handle")) properties->propGetString((OfxPropertySetHandle)effect, OFX_NAME, 0, &text);
    if (rule("input written")) *(unsigned char *)data ^= 1;
    if (rule("param set in render")) parameters->paramSetValue(strength, 0.5);
    if (rule("modal message")) messages->message(effect, "OfxMessageError", "", "%s", "x");
    if (rule("text as format")) messages->setPersistentMessage(effect, "OfxMessageError", "", "100 percent");
    if (rule("define late")) effects->clipDefine(effect, "Late", &other);
    if (rule("another thread")) {
        pthread_t thread;
        pthread_create(&thread, NULL, on_another_thread, effect);
        pthread_join(thread, NULL);
    }
}

static OfxStatus render(OfxImageEffectHandle effect, OfxPropertySetHandle in) {
    OfxImageClipHandle source = NULL, output = NULL;
    OfxPropertySetHandle image = NULL, result = NULL;
    double time = 0;
    void *data = NULL;
    properties->propGetDouble(in, OFX_TIME, 0, &time);
    effects->clipGetHandle(effect, "Source", &source, NULL);
    effects->clipGetHandle(effect, "Output", &output, NULL);
    effects->clipGetImage(source, time, NULL, &image);
    break_a_rule(effect, source, image, time);
    effects->clipReleaseImage(image);
    effects->clipGetImage(output, time, NULL, &result);
    properties->propGetPointer(result, OFX_IMAGE_DATA, 0, &data);
    if (rule("outside the window")) ((unsigned char *)data)[-1] = 7;
    if (rule("written and failed")) ((unsigned char *)data)[0] ^= 7;
    effects->clipReleaseImage(result);
    return rule("written and failed") ? OFX_FAILED : OFX_OK;
}

static OfxStatus entry(const char *action, const void *handle, OfxPropertySetHandle in, OfxPropertySetHandle out) {
    OfxImageEffectHandle effect = (OfxImageEffectHandle)handle;
    (void)out;
    if (!strcmp(action, OFX_LOAD)) {
        effects = host->fetchSuite(host->host, OFX_IMAGE_EFFECT_SUITE, 1);
        properties = host->fetchSuite(host->host, OFX_PROPERTY_SUITE, 1);
        parameters = host->fetchSuite(host->host, OFX_PARAMETER_SUITE, 1);
        messages = host->fetchSuite(host->host, OFX_MESSAGE_SUITE, 2);
        kept = NULL;
        return OFX_OK;
    }
    if (!strcmp(action, OFX_DESCRIBE_IN_CONTEXT)) {
        describe(effect);
        return OFX_OK;
    }
    if (!strcmp(action, OFX_RENDER)) return render(effect, in);
    if (!strcmp(action, "OfxImageEffectActionIsIdentity") && rule("image in identity")) {
        OfxImageClipHandle source = NULL;
        OfxPropertySetHandle image = NULL;
        effects->clipGetHandle(effect, "Source", &source, NULL);
        effects->clipGetImage(source, 1, NULL, &image);
        effects->clipReleaseImage(image);
    }
    if (!strcmp(action, "OfxImageEffectActionIsIdentity") && rule("abort in identity")) effects->abort(effect);
    return !strcmp(action, OFX_DESCRIBE) ? OFX_OK : OFX_REPLY_DEFAULT;
}

static void set_host(OfxHost *given) { host = given; }

OFX_EXPORT int OfxGetNumberOfPlugins(void) { return 1; }

OFX_EXPORT OfxPlugin *OfxGetPlugin(int index) {
    static OfxPlugin plugin = {OFX_IMAGE_EFFECT_API, 1, "org.example.RuleBreaker", 1, 0, set_host, entry};
    return index == 0 || rule("more plug-ins than said") ? &plugin : NULL;
}
