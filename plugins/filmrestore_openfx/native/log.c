/* The log file: what the node says, in the same words. */
#define _GNU_SOURCE
#include "log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lock.h"
#include "system.h"

#define LARGEST_LOG (4LL << 20)

static char path[PATH_ROOM];
static bool traces, opened;
static Lock opening = LOCK_INIT;

static void decide(const char *wanted) {
    const char *set = getenv("FILMRESTORE_OFX_LOG");
    const char *trace = getenv("FILMRESTORE_OFX_TRACE");
    traces = trace && *trace && strcmp(trace, "0");
    if (!set || !*set) set = wanted;
    if (set && *set ? !system_expand_home(set, path, sizeof path) : !system_default_log(path, sizeof path))
        path[0] = 0;
}

/* Some hosts load the plug-in again for every frame, on several threads. */
void log_open(const char *wanted) {
    lock_take(&opening);
    if (!opened) decide(wanted);
    opened = true;
    lock_give(&opening);
}

const char *log_path(void) { return path; }

bool log_traces(void) { return traces; }

void log_rotate(void) {
    if (!*path) return;
    system_make_folders(path);
    if (system_file_size(path) <= LARGEST_LOG) return;
    char old[PATH_ROOM + 2];
    snprintf(old, sizeof old, "%s.1", path);
    system_rename(path, old);
}

static void write_line(const char *format, va_list values) {
    if (!*path) return;
    char line[2400], when[32];
    time_t now = time(NULL);
    struct tm parts;
#if defined(_WIN32)
    bool known = !gmtime_s(&parts, &now);
#else
    bool known = gmtime_r(&now, &parts) != NULL;
#endif
    if (!known || !strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%SZ", &parts)) when[0] = 0;
    int head = snprintf(line, sizeof line, "%s shim %lld ", when, system_process());
    int body = vsnprintf(line + head, sizeof line - (size_t)head - 1, format, values);
    if (body < 0) return;
    size_t length = strlen(line);
    for (char *c = line; *c; c++)
        if (*c == '\n' || *c == '\r') *c = ' '; /* one event, one line */
    line[length++] = '\n';
    system_append(path, line, length);
}

void log_line(const char *format, ...) {
    va_list values;
    va_start(values, format);
    write_line(format, values);
    va_end(values);
}

void log_trace(const char *format, ...) {
    if (!traces) return;
    va_list values;
    va_start(values, format);
    write_line(format, values);
    va_end(values);
}
