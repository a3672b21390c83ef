/* Handles, and the notes about broken rules. */
#define _GNU_SOURCE
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if defined(_WIN32)
#define WIN32_LEAN_AND_MEAN
#include <windows.h>
#else
#include <pthread.h>
#endif

#include "testhost.h"

#define MOST_NOTES 1000

typedef struct Slot {
    void *object;
    Kind kind;
    uint32_t generation;
} Slot;

static Slot *slots;
static size_t slot_count, live_count;
static char notes[MOST_NOTES][400];
static int note_count;

PER_THREAD Running *running;
Behavior behavior;

/* The lock may be taken again by the thread that has it. */
#if defined(_WIN32)
static CRITICAL_SECTION guard;
static INIT_ONCE made = INIT_ONCE_STATIC_INIT;

static BOOL CALLBACK make(INIT_ONCE *once, void *given, void **kept) {
    (void)once;
    (void)given;
    (void)kept;
    InitializeCriticalSection(&guard);
    return TRUE;
}

void table_lock(void) {
    InitOnceExecuteOnce(&made, make, NULL, NULL);
    EnterCriticalSection(&guard);
}

void table_unlock(void) { LeaveCriticalSection(&guard); }
#else
static pthread_mutex_t guard;
static pthread_once_t made = PTHREAD_ONCE_INIT;

static void make(void) {
    pthread_mutexattr_t again;
    pthread_mutexattr_init(&again);
    pthread_mutexattr_settype(&again, PTHREAD_MUTEX_RECURSIVE);
    pthread_mutex_init(&guard, &again);
}

void table_lock(void) {
    pthread_once(&made, make);
    pthread_mutex_lock(&guard);
}

void table_unlock(void) { pthread_mutex_unlock(&guard); }
#endif

static Handle name_of(size_t index) {
    const Slot *slot = &slots[index];
    return (Handle)slot->generation << 32 | (Handle)slot->kind << 28 | (Handle)(index + 1);
}

Handle table_add(Kind kind, void *object) {
    table_lock();
    size_t index = 0;
    while (index < slot_count && slots[index].object) index++;
    if (index == slot_count) {
        size_t more = slot_count ? slot_count * 2 : 64;
        slots = realloc(slots, more * sizeof *slots);
        memset(slots + slot_count, 0, (more - slot_count) * sizeof *slots);
        slot_count = more;
    }
    slots[index].object = object;
    slots[index].kind = kind;
    slots[index].generation = (slots[index].generation + 1) & 0x7FFFFF;
    live_count++;
    Handle handle = name_of(index);
    table_unlock();
    return handle;
}

void *table_get(Handle handle, Kind kind) {
    table_lock();
    void *object = NULL;
    size_t index = (size_t)(handle & 0xFFFFFFF);
    if (index && index <= slot_count && slots[index - 1].object && name_of(index - 1) == handle
        && slots[index - 1].kind == kind)
        object = slots[index - 1].object;
    table_unlock();
    return object;
}

void table_remove(Handle handle) {
    table_lock();
    size_t index = (size_t)(handle & 0xFFFFFFF);
    if (index && index <= slot_count && slots[index - 1].object && name_of(index - 1) == handle) {
        slots[index - 1].object = NULL;
        live_count--;
    }
    table_unlock();
}

/* A live image fetched by an action, or 0. */
Handle table_image_of(long action) {
    Handle found = 0;
    table_lock();
    for (size_t i = 0; i < slot_count && !found; i++)
        if (slots[i].object && slots[i].kind == KIND_PROPS && ((Props *)slots[i].object)->action == action) found = name_of(i);
    table_unlock();
    return found;
}

void broken(const char *format, ...) {
    va_list values;
    table_lock();
    if (note_count < MOST_NOTES) {
        int head = snprintf(notes[note_count], sizeof *notes, "%s: ", running ? running->action : "outside of actions");
        va_start(values, format);
        vsnprintf(notes[note_count] + head, sizeof *notes - (size_t)head, format, values);
        va_end(values);
        note_count++;
    }
    table_unlock();
}

bool may_call(const char *function) {
    if (running) return true;
    broken("%s was called on a thread on which no action runs", function);
    return false;
}

bool in_list(const char *list, const char *word) {
    size_t length = strlen(word);
    for (const char *at = list; at && *at;) {
        const char *end = strchr(at, ',');
        size_t width = end ? (size_t)(end - at) : strlen(at);
        if (width == length && !memcmp(at, word, width)) return true;
        at = end ? end + 1 : NULL;
    }
    return false;
}

char *copy_text(const char *text) {
    size_t length = strlen(text ? text : "") + 1;
    char *copy = malloc(length);
    memcpy(copy, text ? text : "", length);
    return copy;
}

API int th_note_count(void) { return note_count; }

API const char *th_note(int index) { return index >= 0 && index < note_count ? notes[index] : ""; }

API void th_notes_clear(void) {
    table_lock();
    note_count = 0;
    table_unlock();
}

API int th_live_handles(void) { return (int)live_count; }
