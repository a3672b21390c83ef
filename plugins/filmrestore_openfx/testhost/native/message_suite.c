/* Messages and progress: recorded, never shown. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "testhost.h"

static OfxStatus modal(void *handle, const char *kind, const char *id, const char *format, ...) {
    (void)handle;
    (void)kind;
    (void)id;
    (void)format;
    broken("a modal message was raised");
    return OFX_OK;
}

static OfxStatus persist(void *handle, const char *kind, const char *id, const char *format, ...) {
    (void)id;
    if (!may_call("setPersistentMessage")) return OFX_FAILED;
    Effect *effect = table_get(AS_HANDLE(handle), KIND_EFFECT);
    if (!effect) {
        broken("setPersistentMessage on a handle that is no live effect");
        return OFX_BAD_HANDLE;
    }
    if (!format || strcmp(format, "%s")) broken("a message's text was given as a format");
    va_list values;
    va_start(values, format);
    table_lock();
    snprintf(effect->message_kind, sizeof effect->message_kind, "%s", kind);
    vsnprintf(effect->message, sizeof effect->message, format, values);
    effect->message_stands = true;
    effect->messages_set++;
    table_unlock();
    va_end(values);
    return OFX_OK;
}

static OfxStatus clear(void *handle) {
    if (!may_call("clearPersistentMessage")) return OFX_FAILED;
    Effect *effect = table_get(AS_HANDLE(handle), KIND_EFFECT);
    if (!effect) {
        broken("clearPersistentMessage on a handle that is no live effect");
        return OFX_BAD_HANDLE;
    }
    table_lock();
    effect->message_stands = false;
    effect->messages_cleared++;
    table_unlock();
    return OFX_OK;
}

static OfxStatus progress(void *handle, const char *what, double fraction) {
    if (!may_call("progress")) return OFX_FAILED;
    if (!table_get(AS_HANDLE(handle), KIND_EFFECT)) broken("progress on a handle that is no live effect");
    if (strcmp(running->action, OFX_CHANGED)) broken("progress outside of InstanceChanged");
    return behavior.progress && !behavior.progress(what, fraction) ? OFX_REPLY_NO : OFX_OK;
}

static OfxStatus start_1(void *handle, const char *label) {
    (void)label;
    return progress(handle, "start", 0) == OFX_FAILED ? OFX_FAILED : OFX_OK;
}
static OfxStatus start_2(void *handle, const char *label, const char *id) {
    (void)id;
    return start_1(handle, label);
}
static OfxStatus update(void *handle, double fraction) { return progress(handle, "update", fraction); }
static OfxStatus end(void *handle) {
    progress(handle, "end", 1);
    return OFX_OK;
}

const OfxMessageSuiteV2 message_suite = {modal, persist, clear};
const OfxProgressSuiteV1 progress_suite_1 = {start_1, update, end};
const OfxProgressSuiteV2 progress_suite_2 = {start_2, update, end};

/* For Python: whether one stands, its kind and text, and how often it was set and cleared. */
API int th_message(Handle effect, char *kind, int kind_room, char *text, int room, int *set, int *cleared) {
    Effect *found = table_get(effect, KIND_EFFECT);
    if (!found) return 0;
    table_lock();
    snprintf(kind, (size_t)kind_room, "%s", found->message_kind);
    snprintf(text, (size_t)room, "%s", found->message);
    *set = found->messages_set;
    *cleared = found->messages_cleared;
    int stands = found->message_stands;
    table_unlock();
    return stands;
}
