/* Windows: paths, clock, log file, and shared memory. Cross-compiled, never run by us. */
#if defined(_WIN32)
#include "system.h"

#include "windows_text.h"

#include <bcrypt.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

long long system_now(void) { return (long long)GetTickCount64(); }

void system_sleep(int milliseconds) { Sleep((DWORD)milliseconds); }

long long system_process(void) { return (long long)GetCurrentProcessId(); }

bool unguessable_name(const char *start, char *name, size_t room) {
    unsigned char random[16];
    char digits[33];
    if (BCryptGenRandom(NULL, random, sizeof random, BCRYPT_USE_SYSTEM_PREFERRED_RNG) < 0) return false;
    for (size_t i = 0; i < sizeof random; i++) snprintf(digits + 2 * i, 3, "%02x", random[i]);
    return (size_t)snprintf(name, room, "%s%lu-%s", start, GetCurrentProcessId(), digits) < room;
}

bool system_own_path(char *path, size_t room) {
    static const char here = 0;
    wchar_t wide[PATH_ROOM];
    HMODULE module = NULL;
    DWORD how = GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS | GET_MODULE_HANDLE_EX_FLAG_UNCHANGED_REFCOUNT;
    if (!GetModuleHandleExW(how, (const wchar_t *)&here, &module)) return false;
    DWORD length = GetModuleFileNameW(module, wide, PATH_ROOM);
    return length && length < PATH_ROOM && to_utf8(wide, path, room);
}

static bool variable(const wchar_t *name, char *value, size_t room) {
    wchar_t wide[PATH_ROOM];
    DWORD length = GetEnvironmentVariableW(name, wide, PATH_ROOM);
    return length && length < PATH_ROOM && to_utf8(wide, value, room);
}

bool system_expand_home(const char *path, char *out, size_t room) {
    char home[PATH_ROOM];
    if (strncmp(path, "~/", 2)) return (size_t)snprintf(out, room, "%s", path) < room;
    return variable(L"USERPROFILE", home, sizeof home) && (size_t)snprintf(out, room, "%s%s", home, path + 1) < room;
}

bool system_default_log(char *path, size_t room) {
    char folder[PATH_ROOM];
    return variable(L"LOCALAPPDATA", folder, sizeof folder)
           && (size_t)snprintf(path, room, "%s\\filmrestore\\openfx.log", folder) < room;
}

char *system_read_file(const char *file, size_t limit, size_t *length) {
    wchar_t wide[PATH_ROOM];
    FILE *opened = to_wide(file, wide, PATH_ROOM) ? _wfopen(wide, L"rb") : NULL;
    if (!opened) return NULL;
    long size = fseek(opened, 0, SEEK_END) ? -1 : ftell(opened);
    char *text = size >= 0 && (size_t)size <= limit ? malloc((size_t)size + 1) : NULL;
    if (text) {
        rewind(opened);
        *length = fread(text, 1, (size_t)size, opened);
        text[*length] = 0;
    }
    fclose(opened);
    return text;
}

void system_make_folders(const char *file) {
    wchar_t wide[PATH_ROOM];
    if (!to_wide(file, wide, PATH_ROOM)) return;
    for (wchar_t *c = wide; *c; c++) {
        if (*c != L'\\' && *c != L'/') continue;
        wchar_t mark = *c;
        *c = 0;
        CreateDirectoryW(wide, NULL);
        *c = mark;
    }
}

void system_append(const char *file, const char *bytes, size_t length) {
    wchar_t wide[PATH_ROOM];
    DWORD written;
    if (!to_wide(file, wide, PATH_ROOM)) return;
    DWORD shared = FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE;
    HANDLE opened = CreateFileW(wide, FILE_APPEND_DATA, shared, NULL, OPEN_ALWAYS, FILE_ATTRIBUTE_NORMAL, NULL);
    if (opened == INVALID_HANDLE_VALUE) return;
    WriteFile(opened, bytes, (DWORD)length, &written, NULL);
    CloseHandle(opened);
}

long long system_file_size(const char *file) {
    wchar_t wide[PATH_ROOM];
    WIN32_FILE_ATTRIBUTE_DATA found;
    if (!to_wide(file, wide, PATH_ROOM) || !GetFileAttributesExW(wide, GetFileExInfoStandard, &found)) return -1;
    return (long long)found.nFileSizeHigh << 32 | found.nFileSizeLow;
}

void system_rename(const char *from, const char *to) {
    wchar_t old[PATH_ROOM], fresh[PATH_ROOM];
    if (to_wide(from, old, PATH_ROOM) && to_wide(to, fresh, PATH_ROOM))
        MoveFileExW(old, fresh, MOVEFILE_REPLACE_EXISTING);
}

bool shared_make(Shared *shared, size_t size) {
    wchar_t wide[sizeof shared->name];
    memset(shared, 0, sizeof *shared);
    shared->handle = -1;
    if (!unguessable_name("Local\\filmrestore-", shared->name, sizeof shared->name)
        || !to_wide(shared->name, wide, sizeof shared->name))
        return false;
    unsigned long long whole = size;
    HANDLE mapping = CreateFileMappingW(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, (DWORD)(whole >> 32),
                                        (DWORD)whole, wide);
    if (!mapping) return false;
    void *bytes = GetLastError() == ERROR_ALREADY_EXISTS ? NULL : MapViewOfFile(mapping, FILE_MAP_ALL_ACCESS, 0, 0, size);
    if (!bytes) {
        CloseHandle(mapping);
        return false;
    }
    shared->bytes = bytes;
    shared->size = size;
    shared->handle = (long long)(intptr_t)mapping;
    return true;
}

void shared_free(Shared *shared) {
    if (shared->bytes) UnmapViewOfFile(shared->bytes);
    if (shared->handle != -1) CloseHandle((HANDLE)(intptr_t)shared->handle);
    shared->bytes = NULL;
    shared->handle = -1;
}
#else
typedef int not_for_this_system;
#endif
