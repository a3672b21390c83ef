/* The instances the host made, and the message standing on each. */
#include "instance.h"

#include <stdlib.h>
#include <string.h>

#include "host.h"
#include "lock.h"
#include "log.h"
#include "text.h"

/* Messages may be set by several render threads of one instance; the host itself is never called under the lock. */
static Lock guard = LOCK_INIT;
static Instance *all;
static long long last_id;

static void fill(Instance *instance, OfxImageEffectHandle effect) {
    const char *context = "";
    memset(instance, 0, sizeof *instance);
    instance->effect = effect;
    if (suites.effect->getPropertySet) suites.effect->getPropertySet(effect, &instance->properties);
    if (suites.effect->getParamSet) suites.effect->getParamSet(effect, &instance->params);
    prop_string(instance->properties, OFX_CONTEXT, 0, &context);
    text_copy(instance->context, sizeof instance->context, context);
}

bool instance_create(OfxImageEffectHandle effect) {
    Instance *instance = malloc(sizeof *instance);
    if (!instance) return false;
    fill(instance, effect);
    lock_take(&guard);
    instance->id = ++last_id;
    instance->next = all;
    all = instance;
    lock_give(&guard);
    prop_set_pointer(instance->properties, OFX_INSTANCE_DATA, 0, instance);
    return true;
}

void instance_destroy(OfxImageEffectHandle effect) {
    Instance *found = NULL;
    lock_take(&guard);
    for (Instance **at = &all; *at; at = &(*at)->next) {
        if ((*at)->effect != effect) continue;
        found = *at;
        *at = found->next;
        break;
    }
    lock_give(&guard);
    if (found) prop_set_pointer(found->properties, OFX_INSTANCE_DATA, 0, NULL);
    free(found);
}

/* Found by handle in our own list: a pointer that a host kept for us may be stale or of another plug-in. */
Instance *instance_find(OfxImageEffectHandle effect, Instance *stand_in) {
    lock_take(&guard);
    Instance *found = all;
    while (found && found->effect != effect) found = found->next;
    lock_give(&guard);
    if (found) return found;
    fill(stand_in, effect);
    return stand_in;
}

static const char *standard_kind(const char *kind) {
    if (!strcmp(kind, "error")) return "OfxMessageError";
    return !strcmp(kind, "warning") ? "OfxMessageWarning" : "OfxMessageMessage";
}

void instance_say(Instance *instance, const char *kind, const char *text) {
    char cut[MESSAGE_ROOM];
    text_copy(cut, sizeof cut, text);
    lock_take(&guard);
    bool same = instance->message_stands && !strcmp(instance->message, cut);
    instance->message_stands = true;
    memcpy(instance->message, cut, sizeof cut);
    lock_give(&guard);
    if (same) return;
    log_line("%s: %s", kind, cut);
    if (suites.message && suites.message->setPersistentMessage)
        suites.message->setPersistentMessage(instance->effect, standard_kind(kind), "", "%s", cut);
}

void instance_clear(Instance *instance) {
    lock_take(&guard);
    bool stood = instance->message_stands;
    instance->message_stands = false;
    lock_give(&guard);
    if (stood && suites.message && suites.message->clearPersistentMessage)
        suites.message->clearPersistentMessage(instance->effect);
}
