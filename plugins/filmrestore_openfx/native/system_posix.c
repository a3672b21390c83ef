/* Linux and macOS: paths, clock, log file, and shared memory. Processes and channels: process_posix.c. */
#if !defined(_WIN32)
#define _GNU_SOURCE
#include "system.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "text.h"

long long system_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (long long)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void system_sleep(int milliseconds) {
    struct timespec nap = {milliseconds / 1000, (milliseconds % 1000) * 1000000L};
    nanosleep(&nap, NULL);
}

long long system_process(void) { return getpid(); }

bool system_own_path(char *path, size_t room) {
    static const char here = 0; /* data of this library: its address tells which file it came from */
    Dl_info info;
    if (!dladdr(&here, &info) || !info.dli_fname) return false;
    char *real = realpath(info.dli_fname, NULL);
    if (!real) return false;
    bool fits = strlen(real) < room;
    if (fits) strcpy(path, real);
    free(real);
    return fits;
}

static bool home(char *path, size_t room) {
    const char *set = getenv("HOME");
    if (set && *set == '/') return (size_t)snprintf(path, room, "%s", set) < room;
    struct passwd entry, *found = NULL;
    char buffer[2048];
    if (getpwuid_r(getuid(), &entry, buffer, sizeof buffer, &found) || !found || !found->pw_dir) return false;
    return (size_t)snprintf(path, room, "%s", found->pw_dir) < room;
}

bool system_expand_home(const char *path, char *out, size_t room) {
    if (strncmp(path, "~/", 2)) return (size_t)snprintf(out, room, "%s", path) < room;
    char folder[PATH_ROOM];
    return home(folder, sizeof folder) && (size_t)snprintf(out, room, "%s%s", folder, path + 1) < room;
}

bool system_default_log(char *path, size_t room) {
#if defined(__APPLE__)
    return system_expand_home("~/Library/Logs/filmrestore/openfx.log", path, room);
#else
    const char *state = getenv("XDG_STATE_HOME");
    if (state && *state == '/') return (size_t)snprintf(path, room, "%s/filmrestore/openfx.log", state) < room;
    return system_expand_home("~/.local/state/filmrestore/openfx.log", path, room);
#endif
}

char *system_read_file(const char *file, size_t limit, size_t *length) {
    FILE *opened = fopen(file, "rbe");
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
    char path[PATH_ROOM];
    text_copy(path, sizeof path, file);
    for (char *slash = strchr(path + (*path == '/'), '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = 0;
        mkdir(path, 0777);
        *slash = '/';
    }
}

void system_append(const char *file, const char *bytes, size_t length) {
    int fd = open(file, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0666);
    if (fd < 0) return;
    ssize_t written = write(fd, bytes, length); /* a full disk must not stop a render */
    (void)written;
    close(fd);
}

long long system_file_size(const char *file) {
    struct stat found;
    return stat(file, &found) ? -1 : (long long)found.st_size;
}

void system_rename(const char *from, const char *to) { (void)!rename(from, to); }

static int anonymous(size_t size) {
#if defined(__linux__)
    int fd = memfd_create("filmrestore", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (fd < 0) return -1;
    /* Sealed: a worker that shrank it would kill the host with SIGBUS. */
    if (ftruncate(fd, (off_t)size) || fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL)) {
        close(fd);
        return -1;
    }
    return fd;
#else
    static int serial; /* only to make the name differ; O_EXCL decides */
    for (int attempt = 0; attempt < 100; attempt++) {
        char name[64];
        snprintf(name, sizeof name, "/fr.%d.%d", (int)getpid(), __sync_add_and_fetch(&serial, 1));
        int fd = shm_open(name, O_RDWR | O_CREAT | O_EXCL, 0600);
        if (fd < 0 && errno == EEXIST) continue;
        if (fd < 0) return -1;
        shm_unlink(name);
        fcntl(fd, F_SETFD, FD_CLOEXEC);
        if (ftruncate(fd, (off_t)size)) {
            close(fd);
            return -1;
        }
        return fd;
    }
    return -1;
#endif
}

bool shared_make(Shared *shared, size_t size) {
    memset(shared, 0, sizeof *shared);
    int fd = anonymous(size);
    if (fd < 0) return false;
    void *bytes = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (bytes == MAP_FAILED) {
        close(fd);
        return false;
    }
    shared->bytes = bytes;
    shared->size = size;
    shared->handle = fd;
    return true;
}

void shared_free(Shared *shared) {
    if (shared->bytes) munmap(shared->bytes, shared->size);
    if (shared->handle >= 0) close((int)shared->handle);
    shared->bytes = NULL;
    shared->handle = -1;
}
#else
typedef int not_for_this_system;
#endif
