/* Fields, escapes and numbers of the lines in PROTOCOL.md. */
#ifndef FILMRESTORE_TEXT_H
#define FILMRESTORE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* A growing line; once memory or the limit is exhausted it stays broken, and callers ask once at the end. */
typedef struct Text {
    char *bytes;
    size_t length, room, limit;
    bool broken;
} Text;

void text_begin(Text *text, size_t limit);
void text_free(Text *text);
void text_clear(Text *text);
void text_raw(Text *text, const char *bytes, size_t length);
void text_word(Text *text, const char *word);             /* first field of a line, unescaped */
void text_field(Text *text, const char *value);           /* TAB and the escaped value */
void text_field_int(Text *text, long long value);
void text_field_double(Text *text, double value);
void text_key(Text *text, const char *key, const char *value);

/* Splits a line in place at tabs and removes the escapes. Returns the number of fields, or -1 for a bad escape or more
 * fields than `most`. */
int text_split(char *line, char **fields, int most);

/* Numbers in the C locale, whatever locale the host has set. */
bool text_to_double(const char *text, double *value);     /* finite numbers only */
bool text_to_int(const char *text, long long low, long long high, long long *value);
void text_from_double(double value, char *text, size_t room);

/* Copies and cuts; always ends with a zero; never cuts a UTF-8 character in two. */
void text_copy(char *to, size_t room, const char *from);

/* True when `word` is one of the comma-separated words of `list`. */
bool text_listed(const char *list, const char *word);

#endif
