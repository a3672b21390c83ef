/* UTF-8 on our side, UTF-16 on Windows'. */
#ifndef FILMRESTORE_WINDOWS_TEXT_H
#define FILMRESTORE_WINDOWS_TEXT_H
#if defined(_WIN32)

#define WIN32_LEAN_AND_MEAN
#include <windows.h>

#include <stdbool.h>
#include <stddef.h>

static inline bool to_wide(const char *text, wchar_t *wide, size_t room) {
    return MultiByteToWideChar(CP_UTF8, 0, text, -1, wide, (int)room) > 0;
}

static inline bool to_utf8(const wchar_t *wide, char *text, size_t room) {
    return WideCharToMultiByte(CP_UTF8, 0, wide, -1, text, (int)room, NULL, NULL) > 0;
}

/* A name that nobody can guess, so that nobody can be there first. */
bool unguessable_name(const char *start, char *name, size_t room);

#endif
#endif
