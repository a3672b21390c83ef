/* The part of the OpenFX 1.x binary interface this node uses, declared from its published facts.
 *
 * Only layouts and strings that cross the border between host and plug-in stand here; the order of the members of
 * every suite is the interface itself and must never change. */
#ifndef FILMRESTORE_OFX_ABI_H
#define FILMRESTORE_OFX_ABI_H

typedef int OfxStatus;
typedef double OfxTime;
typedef struct OfxPropertySetStruct *OfxPropertySetHandle;
typedef struct OfxImageEffectStruct *OfxImageEffectHandle;
typedef struct OfxParamSetStruct *OfxParamSetHandle;
typedef struct OfxParamStruct *OfxParamHandle;
typedef struct OfxImageClipStruct *OfxImageClipHandle;
typedef struct OfxImageMemoryStruct *OfxImageMemoryHandle;

typedef struct OfxRectD {
    double x1, y1, x2, y2;
} OfxRectD;

enum {
    OFX_OK = 0,
    OFX_FAILED = 1,
    OFX_FATAL = 2,
    OFX_UNKNOWN = 3,
    OFX_MISSING_HOST_FEATURE = 4,
    OFX_UNSUPPORTED = 5,
    OFX_EXISTS = 6,
    OFX_FORMAT = 7,
    OFX_MEMORY = 8,
    OFX_BAD_HANDLE = 9,
    OFX_BAD_INDEX = 10,
    OFX_VALUE = 11,
    OFX_REPLY_YES = 12,
    OFX_REPLY_NO = 13,
    OFX_REPLY_DEFAULT = 14,
    OFX_LAST_STATUS = 15
};

typedef struct OfxHost {
    OfxPropertySetHandle host;
    const void *(*fetchSuite)(OfxPropertySetHandle host, const char *name, int version);
} OfxHost;

typedef OfxStatus(OfxPluginEntryPoint)(const char *action, const void *handle, OfxPropertySetHandle in,
                                       OfxPropertySetHandle out);

typedef struct OfxPlugin {
    const char *pluginApi;
    int apiVersion;
    const char *pluginIdentifier;
    unsigned int pluginVersionMajor;
    unsigned int pluginVersionMinor;
    void (*setHost)(OfxHost *host);
    OfxPluginEntryPoint *mainEntry;
} OfxPlugin;

typedef struct OfxPropertySuiteV1 {
    OfxStatus (*propSetPointer)(OfxPropertySetHandle, const char *, int, void *);
    OfxStatus (*propSetString)(OfxPropertySetHandle, const char *, int, const char *);
    OfxStatus (*propSetDouble)(OfxPropertySetHandle, const char *, int, double);
    OfxStatus (*propSetInt)(OfxPropertySetHandle, const char *, int, int);
    OfxStatus (*propSetPointerN)(OfxPropertySetHandle, const char *, int, void *const *);
    OfxStatus (*propSetStringN)(OfxPropertySetHandle, const char *, int, const char *const *);
    OfxStatus (*propSetDoubleN)(OfxPropertySetHandle, const char *, int, const double *);
    OfxStatus (*propSetIntN)(OfxPropertySetHandle, const char *, int, const int *);
    OfxStatus (*propGetPointer)(OfxPropertySetHandle, const char *, int, void **);
    OfxStatus (*propGetString)(OfxPropertySetHandle, const char *, int, char **);
    OfxStatus (*propGetDouble)(OfxPropertySetHandle, const char *, int, double *);
    OfxStatus (*propGetInt)(OfxPropertySetHandle, const char *, int, int *);
    OfxStatus (*propGetPointerN)(OfxPropertySetHandle, const char *, int, void **);
    OfxStatus (*propGetStringN)(OfxPropertySetHandle, const char *, int, char **);
    OfxStatus (*propGetDoubleN)(OfxPropertySetHandle, const char *, int, double *);
    OfxStatus (*propGetIntN)(OfxPropertySetHandle, const char *, int, int *);
    OfxStatus (*propReset)(OfxPropertySetHandle, const char *);
    OfxStatus (*propGetDimension)(OfxPropertySetHandle, const char *, int *);
} OfxPropertySuiteV1;

typedef struct OfxImageEffectSuiteV1 {
    OfxStatus (*getPropertySet)(OfxImageEffectHandle, OfxPropertySetHandle *);
    OfxStatus (*getParamSet)(OfxImageEffectHandle, OfxParamSetHandle *);
    OfxStatus (*clipDefine)(OfxImageEffectHandle, const char *, OfxPropertySetHandle *);
    OfxStatus (*clipGetHandle)(OfxImageEffectHandle, const char *, OfxImageClipHandle *, OfxPropertySetHandle *);
    OfxStatus (*clipGetPropertySet)(OfxImageClipHandle, OfxPropertySetHandle *);
    OfxStatus (*clipGetImage)(OfxImageClipHandle, OfxTime, const OfxRectD *, OfxPropertySetHandle *);
    OfxStatus (*clipReleaseImage)(OfxPropertySetHandle);
    OfxStatus (*clipGetRegionOfDefinition)(OfxImageClipHandle, OfxTime, OfxRectD *);
    int (*abort)(OfxImageEffectHandle);
    OfxStatus (*imageMemoryAlloc)(OfxImageEffectHandle, unsigned long, OfxImageMemoryHandle *);
    OfxStatus (*imageMemoryFree)(OfxImageMemoryHandle);
    OfxStatus (*imageMemoryLock)(OfxImageMemoryHandle, void **);
    OfxStatus (*imageMemoryUnlock)(OfxImageMemoryHandle);
} OfxImageEffectSuiteV1;

typedef struct OfxParameterSuiteV1 {
    OfxStatus (*paramDefine)(OfxParamSetHandle, const char *type, const char *name, OfxPropertySetHandle *);
    OfxStatus (*paramGetHandle)(OfxParamSetHandle, const char *name, OfxParamHandle *, OfxPropertySetHandle *);
    OfxStatus (*paramSetGetPropertySet)(OfxParamSetHandle, OfxPropertySetHandle *);
    OfxStatus (*paramGetPropertySet)(OfxParamHandle, OfxPropertySetHandle *);
    OfxStatus (*paramGetValue)(OfxParamHandle, ...);
    OfxStatus (*paramGetValueAtTime)(OfxParamHandle, OfxTime, ...);
    OfxStatus (*paramGetDerivative)(OfxParamHandle, OfxTime, ...);
    OfxStatus (*paramGetIntegral)(OfxParamHandle, OfxTime, OfxTime, ...);
    OfxStatus (*paramSetValue)(OfxParamHandle, ...);
    OfxStatus (*paramSetValueAtTime)(OfxParamHandle, OfxTime, ...);
    OfxStatus (*paramGetNumKeys)(OfxParamHandle, unsigned int *);
    OfxStatus (*paramGetKeyTime)(OfxParamHandle, unsigned int, OfxTime *);
    OfxStatus (*paramGetKeyIndex)(OfxParamHandle, OfxTime, int, int *);
    OfxStatus (*paramDeleteKey)(OfxParamHandle, OfxTime);
    OfxStatus (*paramDeleteAllKeys)(OfxParamHandle);
    OfxStatus (*paramCopy)(OfxParamHandle, OfxParamHandle, OfxTime, const void *);
    OfxStatus (*paramEditBegin)(OfxParamSetHandle, const char *name);
    OfxStatus (*paramEditEnd)(OfxParamSetHandle);
} OfxParameterSuiteV1;

typedef struct OfxMessageSuiteV2 {
    OfxStatus (*message)(void *, const char *type, const char *id, const char *format, ...);
    OfxStatus (*setPersistentMessage)(void *, const char *type, const char *id, const char *format, ...);
    OfxStatus (*clearPersistentMessage)(void *);
} OfxMessageSuiteV2;

typedef struct OfxProgressSuiteV1 {
    OfxStatus (*progressStart)(void *instance, const char *label);
    OfxStatus (*progressUpdate)(void *instance, double fraction);
    OfxStatus (*progressEnd)(void *instance);
} OfxProgressSuiteV1;

typedef struct OfxProgressSuiteV2 {
    OfxStatus (*progressStart)(void *instance, const char *label, const char *id);
    OfxStatus (*progressUpdate)(void *instance, double fraction);
    OfxStatus (*progressEnd)(void *instance);
} OfxProgressSuiteV2;

#define OFX_IMAGE_EFFECT_API "OfxImageEffectPluginAPI"

#define OFX_IMAGE_EFFECT_SUITE "OfxImageEffectSuite"
#define OFX_PROPERTY_SUITE "OfxPropertySuite"
#define OFX_PARAMETER_SUITE "OfxParameterSuite"
#define OFX_MESSAGE_SUITE "OfxMessageSuite"
#define OFX_PROGRESS_SUITE "OfxProgressSuite"

#define OFX_LOAD "OfxActionLoad"
#define OFX_UNLOAD "OfxActionUnload"
#define OFX_DESCRIBE "OfxActionDescribe"
#define OFX_DESCRIBE_IN_CONTEXT "OfxImageEffectActionDescribeInContext"
#define OFX_CREATE "OfxActionCreateInstance"
#define OFX_DESTROY "OfxActionDestroyInstance"
#define OFX_CHANGED "OfxActionInstanceChanged"
#define OFX_RENDER "OfxImageEffectActionRender"
#define OFX_ROD "OfxImageEffectActionGetRegionOfDefinition"
#define OFX_ROI "OfxImageEffectActionGetRegionsOfInterest"

#define OFX_NAME "OfxPropName"
#define OFX_TYPE "OfxPropType"
#define OFX_TIME "OfxPropTime"
#define OFX_REASON "OfxPropChangeReason"
#define OFX_INSTANCE_DATA "OfxPropInstanceData"
#define OFX_CONTEXT "OfxImageEffectPropContext"
#define OFX_TEMPORAL "OfxImageEffectPropTemporalClipAccess"
#define OFX_BACKGROUND "OfxImageEffectHostPropIsBackground"
#define OFX_SCALE "OfxImageEffectPropRenderScale"
#define OFX_WINDOW "OfxImageEffectPropRenderWindow"
#define OFX_FIELD_TO_RENDER "OfxImageEffectPropFieldToRender"
#define OFX_SEQUENTIAL "OfxImageEffectPropSequentialRenderStatus"
#define OFX_INTERACTIVE "OfxImageEffectPropInteractiveRenderStatus"
#define OFX_DRAFT "OfxImageEffectPropRenderQualityDraft"
#define OFX_THUMBNAIL "OfxImageEffectPropThumbnailRender"
#define OFX_REGION_OF_INTEREST "OfxImageEffectPropRegionOfInterest"
#define OFX_REGION_OF_DEFINITION "OfxImageEffectPropRegionOfDefinition"
#define OFX_FRAME_RANGE "OfxImageEffectPropFrameRange"
#define OFX_FRAME_STEP "OfxImageEffectPropFrameStep"
#define OFX_FRAME_RATE "OfxImageEffectPropFrameRate"
#define OFX_COMPONENTS "OfxImageEffectPropComponents"
#define OFX_DEPTH "OfxImageEffectPropPixelDepth"
#define OFX_PREMULTIPLICATION "OfxImageEffectPropPreMultiplication"
#define OFX_CLIP_CONNECTED "OfxImageClipPropConnected"
#define OFX_CLIP_COLOURSPACE "OfxImageClipPropColourspace"
#define OFX_CLIP_ROI_PREFIX "OfxImageClipPropRoI_"
#define OFX_IMAGE_DATA "OfxImagePropData"
#define OFX_IMAGE_BOUNDS "OfxImagePropBounds"
#define OFX_IMAGE_ROW_BYTES "OfxImagePropRowBytes"
#define OFX_IMAGE_UID "OfxImagePropUniqueIdentifier"
#define OFX_IMAGE_FIELD "OfxImagePropField"
#define OFX_IMAGE_PAR "OfxImagePropPixelAspectRatio"

#define OFX_USER_EDITED "OfxChangeUserEdited"
#define OFX_TIME_CHANGED "OfxChangeTime"

#if defined(_WIN32)
#define OFX_EXPORT __declspec(dllexport)
#else
#define OFX_EXPORT __attribute__((visibility("default")))
#endif

#endif
