/* Fields, escapes and numbers of the lines in PROTOCOL.md. */
#define _GNU_SOURCE
#include "text.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if defined(_WIN32)
#include <locale.h>
#else
#include <locale.h>
#if defined(__APPLE__)
#include <xlocale.h>
#endif
#endif

void text_begin(Text *text, size_t limit) {
    memset(text, 0, sizeof *text);
    text->limit = limit;
}

void text_free(Text *text) {
    free(text->bytes);
    text->bytes = NULL;
    text->length = text->room = 0;
}

void text_clear(Text *text) {
    text->length = 0;
    text->broken = false;
}

void text_raw(Text *text, const char *bytes, size_t length) {
    if (text->broken) return;
    if (length > text->limit || text->length > text->limit - length) {
        text->broken = true;
        return;
    }
    size_t need = text->length + length + 1;
    if (need > text->room) {
        size_t room = text->room ? text->room * 2 : 256;
        while (room < need) room *= 2;
        char *grown = realloc(text->bytes, room);
        if (!grown) {
            text->broken = true;
            return;
        }
        text->bytes = grown;
        text->room = room;
    }
    memcpy(text->bytes + text->length, bytes, length);
    text->length += length;
    text->bytes[text->length] = 0;
}

void text_word(Text *text, const char *word) { text_raw(text, word, strlen(word)); }

static void escaped(Text *text, const char *value) {
    for (const char *c = value; *c; c++) {
        switch (*c) {
        case '\\': text_raw(text, "\\\\", 2); break;
        case '\t': text_raw(text, "\\t", 2); break;
        case '\n': text_raw(text, "\\n", 2); break;
        case '\r': text_raw(text, "\\r", 2); break;
        default: text_raw(text, c, 1);
        }
    }
}

void text_field(Text *text, const char *value) {
    text_raw(text, "\t", 1);
    escaped(text, value ? value : "");
}

void text_field_int(Text *text, long long value) {
    char number[32];
    snprintf(number, sizeof number, "%lld", value);
    text_field(text, number);
}

void text_field_double(Text *text, double value) {
    char number[40];
    text_from_double(value, number, sizeof number);
    text_field(text, number);
}

void text_key(Text *text, const char *key, const char *value) {
    text_raw(text, "\t", 1);
    text_word(text, key);
    text_raw(text, "=", 1);
    escaped(text, value ? value : "");
}

static bool unescape(char *field) {
    char *to = field;
    for (char *from = field; *from; from++) {
        if (*from != '\\') {
            *to++ = *from;
            continue;
        }
        switch (*++from) {
        case '\\': *to++ = '\\'; break;
        case 't': *to++ = '\t'; break;
        case 'n': *to++ = '\n'; break;
        case 'r': *to++ = '\r'; break;
        default: return false; /* an unknown escape, or the end of the field */
        }
    }
    *to = 0;
    return true;
}

int text_split(char *line, char **fields, int most) {
    int count = 0;
    for (char *at = line; at;) {
        if (count == most) return -1;
        fields[count++] = at;
        at = strchr(at, '\t');
        if (at) *at++ = 0;
    }
    for (int i = 0; i < count; i++)
        if (!unescape(fields[i])) return -1;
    return count;
}

/* A host may run in a locale with a decimal comma; setlocale would change it for the host's other threads, so the
 * thread's own locale is switched for the one call. */
#if defined(_WIN32)
static _locale_t c_locale(void) {
    static _locale_t made; /* two threads may make one each; both stay valid */
    if (!made) made = _create_locale(LC_NUMERIC, "C");
    return made;
}
static double parse(const char *text, char **end) { return _strtod_l(text, end, c_locale()); }
static void print(double value, char *text, size_t room) { _snprintf_l(text, room, "%.17g", c_locale(), value); }
#else
static locale_t c_locale(void) {
    static locale_t made; /* two threads may make one each; both stay valid */
    locale_t seen = __atomic_load_n(&made, __ATOMIC_ACQUIRE);
    if (!seen) {
        seen = newlocale(LC_ALL_MASK, "C", (locale_t)0);
        __atomic_store_n(&made, seen, __ATOMIC_RELEASE);
    }
    return seen;
}
static double parse(const char *text, char **end) {
    locale_t own = uselocale(c_locale());
    double value = strtod(text, end);
    uselocale(own);
    return value;
}
static void print(double value, char *text, size_t room) {
    locale_t own = uselocale(c_locale());
    snprintf(text, room, "%.17g", value);
    uselocale(own);
}
#endif

bool text_to_double(const char *text, double *value) {
    if (!*text || *text == ' ' || strlen(text) > 60) return false;
    char *end = NULL;
    *value = parse(text, &end);
    return end && !*end && isfinite(*value);
}

bool text_to_int(const char *text, long long low, long long high, long long *value) {
    if (!*text || *text == ' ' || strlen(text) > 24) return false;
    char *end = NULL;
    errno = 0;
    long long parsed = strtoll(text, &end, 10);
    if (errno || *end || parsed < low || parsed > high) return false;
    *value = parsed;
    return true;
}

void text_from_double(double value, char *text, size_t room) {
    print(value, text, room);
    text[room - 1] = 0;
}

void text_copy(char *to, size_t room, const char *from) {
    size_t length = from ? strlen(from) : 0;
    if (length >= room) {
        length = room - 1;
        while (length && ((unsigned char)from[length] & 0xC0) == 0x80) length--;
    }
    if (length) memcpy(to, from, length);
    to[length] = 0;
}

bool text_listed(const char *list, const char *word) {
    size_t length = strlen(word);
    while (list && *list) {
        const char *end = strchr(list, ',');
        size_t width = end ? (size_t)(end - list) : strlen(list);
        if (width == length && !memcmp(list, word, width)) return true;
        list = end ? end + 1 : NULL;
    }
    return false;
}
