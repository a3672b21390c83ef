/* Reading the manifest that Python wrote into the bundle. */
#define _GNU_SOURCE
#include "manifest.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lock.h"
#include "system.h"
#include "text.h"

#define LARGEST_FILE (4 << 20)
#define LONGEST_LINE 60000
#define MOST_LINES 20000
#define MOST_FIELDS 12

static Manifest read_once;
static bool was_read;
static Lock reading = LOCK_INIT;

/* One more element at the end of a list; the lists only grow while reading, so doubling at powers of two is enough. */
static void *one_more(void **list, size_t *count, size_t size) {
    if (!(*count & (*count - 1))) {
        void *grown = realloc(*list, (*count ? *count * 2 : 1) * size);
        if (!grown) return NULL;
        *list = grown;
    }
    void *element = (char *)*list + (*count)++ * size;
    memset(element, 0, size);
    return element;
}

static bool small_int(const char *text, long long low, long long high, int *value) {
    long long parsed;
    if (!text_to_int(text, low, high, &parsed)) return false;
    *value = (int)parsed;
    return true;
}

static bool good_id(const char *id) {
    size_t length = strlen(id);
    if (!length || length > 200) return false;
    for (const char *c = id; *c; c++)
        if (*c <= ' ' || *c > '~') return false;
    return true;
}

static bool add_section(Manifest *m, SectionKind kind, const char *name, const char *type, const char *contexts) {
    Section *section = one_more((void **)&m->sections, &m->section_count, sizeof *section);
    if (!section) return false;
    section->kind = kind;
    section->name = name;
    section->type = type;
    section->contexts = contexts && *contexts ? contexts : NULL;
    section->first = m->property_count;
    return true;
}

static bool add_property(Manifest *m, char **f, int n, const char **condition) {
    if (n != 5 || !m->section_count || strlen(f[1]) != 1) return false;
    Property property = {.type = f[1][0], .name = f[2], .text = f[4]};
    if (!small_int(f[3], 0, 999, &property.index)) return false;
    switch (property.type) {
    case 's': break;
    case 'i':
        if (!small_int(f[4], INT32_MIN, INT32_MAX, &property.integer)) return false;
        break;
    case 'd':
        if (!text_to_double(f[4], &property.real)) return false;
        break;
    default: return false;
    }
    property.if_property = condition[0];
    property.if_value = condition[1];
    condition[0] = condition[1] = NULL;
    Property *added = one_more((void **)&m->properties, &m->property_count, sizeof *added);
    if (!added) return false;
    *added = property;
    m->sections[m->section_count - 1].count++;
    return true;
}

static bool add_forward(Manifest *m, char **f, int n) {
    if (n < 3 || n > 4) return false;
    bool starts = !strcmp(f[2], "start");
    if (!starts && strcmp(f[2], "running")) return false;
    Forward *forward = one_more((void **)&m->forwards, &m->forward_count, sizeof *forward);
    if (!forward) return false;
    forward->action = f[1];
    forward->names = n == 4 && *f[3] ? f[3] : NULL;
    forward->may_start = starts;
    return true;
}

static bool add_interest(Manifest *m, char **f, int n) {
    if (n != 3) return false;
    bool whole = !strcmp(f[1], "whole");
    if (!whole && strcmp(f[1], "window")) return false;
    Interest *interest = one_more((void **)&m->interests, &m->interest_count, sizeof *interest);
    if (!interest) return false;
    interest->clip = f[2];
    interest->whole = whole;
    return true;
}

static bool add_worker(Manifest *m, char **f, int n) {
    if (n != 3 || !*f[2]) return false;
    m->worker_is_module = !strcmp(f[1], "module");
    m->worker = f[2];
    return m->worker_is_module || !strcmp(f[1], "file");
}

static bool take(Manifest *m, char **f, int n, const char **condition) {
    const char *word = f[0];
    if (!strcmp(word, "id")) {
        m->id = n == 2 ? f[1] : NULL;
        return m->id && good_id(m->id);
    }
    if (!strcmp(word, "version"))
        return n == 3 && small_int(f[1], 0, 9999, &m->major) && small_int(f[2], 0, 9999, &m->minor);
    if (!strcmp(word, "protocol")) return n == 2 && !strcmp(f[1], PROTOCOL_NUMBER);
    if (!strcmp(word, "package")) return n == 2 && *(m->package = f[1]);
    if (!strcmp(word, "python")) return n == 2 && *(m->python = f[1]);
    if (!strcmp(word, "worker")) return add_worker(m, f, n);
    if (!strcmp(word, "log")) return n == 2 && (m->log = f[1]);
    if (!strcmp(word, "rod")) return n == 2 && (m->rod = f[1]);
    if (!strcmp(word, "forward")) return add_forward(m, f, n);
    if (!strcmp(word, "roi")) return add_interest(m, f, n);
    if (!strcmp(word, "effect")) return n == 1 && add_section(m, SECTION_EFFECT, "", NULL, NULL);
    if (!strcmp(word, "answer")) return n == 2 && add_section(m, SECTION_ANSWER, f[1], NULL, NULL);
    if (!strcmp(word, "clip"))
        return (n == 2 || n == 3) && *f[1] && add_section(m, SECTION_CLIP, f[1], NULL, n == 3 ? f[2] : NULL);
    if (!strcmp(word, "param"))
        return (n == 3 || n == 4) && *f[2] && add_section(m, SECTION_PARAM, f[2], f[1], n == 4 ? f[3] : NULL);
    if (!strcmp(word, "if-host")) {
        condition[0] = n == 3 ? f[1] : NULL;
        condition[1] = n == 3 ? f[2] : NULL;
        return n == 3;
    }
    if (!strcmp(word, "prop")) return add_property(m, f, n, condition);
    return true; /* a word of a later format */
}

bool manifest_parse(Manifest *m, char *text, size_t length) {
    memset(m, 0, sizeof *m);
    m->text = text;
    if (memchr(text, 0, length)) return false;
    const char *condition[2] = {NULL, NULL};
    int lines = 0;
    bool headed = false;
    for (char *line = text, *next; line && *line; line = next) {
        next = strchr(line, '\n');
        if (next) *next++ = 0;
        if (++lines > MOST_LINES || strlen(line) > LONGEST_LINE) return false;
        if (!*line || *line == '#') continue;
        char *fields[MOST_FIELDS];
        int count = text_split(line, fields, MOST_FIELDS);
        if (count < 1) return false;
        if (!headed) {
            if (count != 2 || strcmp(fields[0], "filmrestore-openfx-manifest") || strcmp(fields[1], "1")) return false;
            headed = true;
        } else if (!take(m, fields, count, condition)) {
            return false;
        }
    }
    m->valid = headed && m->id && m->package && m->python && m->worker;
    return m->valid;
}

void manifest_free(Manifest *m) {
    free(m->text);
    free(m->sections);
    free(m->properties);
    free(m->forwards);
    free(m->interests);
    memset(m, 0, sizeof *m);
}

/* .../NAME.ofx.bundle/Contents/ARCH/NAME.ofx -> the bundle's folder. */
static bool find_bundle(char *bundle, size_t room) {
    if (!system_own_path(bundle, room)) return false;
    for (int level = 0; level < 3; level++) {
        char *slash = strrchr(bundle, '/');
#if defined(_WIN32)
        char *back = strrchr(bundle, '\\');
        if (back && (!slash || back > slash)) slash = back;
#endif
        if (!slash || slash == bundle) return false;
        *slash = 0;
    }
    return true;
}

static void read_bundle(Manifest *m) {
    char bundle[PATH_ROOM], name[256], path[PATH_ROOM + 300];
    if (!find_bundle(bundle, sizeof bundle)) return;
    const char *base = bundle;
    for (const char *c = bundle; *c; c++)
        if (*c == '/' || *c == '\\') base = c + 1;
    text_copy(name, sizeof name, base);
    char *tail = strstr(name, ".ofx.bundle");
    if (tail) *tail = 0;
    snprintf(path, sizeof path, "%s/Contents/Resources/%s.manifest", bundle, name);
    size_t length = 0;
    char *text = system_read_file(path, LARGEST_FILE, &length);
    if (!text) return;
    if (!manifest_parse(m, text, length)) {
        manifest_free(m);
        return;
    }
    text_copy(m->bundle, sizeof m->bundle, bundle);
}

const Manifest *manifest(void) {
    lock_take(&reading);
    if (!was_read) {
        read_bundle(&read_once);
        was_read = true;
    }
    lock_give(&reading);
    return &read_once;
}

const Forward *manifest_forward(const char *action) {
    const Manifest *m = manifest();
    for (size_t i = 0; i < m->forward_count; i++)
        if (!strcmp(m->forwards[i].action, action)) return &m->forwards[i];
    return NULL;
}

const Section *manifest_section(SectionKind kind, const char *name) {
    const Manifest *m = manifest();
    for (size_t i = 0; i < m->section_count; i++)
        if (m->sections[i].kind == kind && !strcmp(m->sections[i].name, name)) return &m->sections[i];
    return NULL;
}

bool section_in_context(const Section *section, const char *context) {
    return !section->contexts || !context || !*context || text_listed(section->contexts, context);
}
