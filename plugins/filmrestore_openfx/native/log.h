/* The log file: what the node says, in the same words. */
#ifndef FILMRESTORE_LOG_H
#define FILMRESTORE_LOG_H

#include <stdbool.h>

/* Decides the path once, from the environment, the manifest's own choice (may be empty), or the system's habit. */
void log_open(const char *wanted);
const char *log_path(void); /* empty before log_open */
void log_rotate(void);      /* above 4 MiB the file is renamed to .1 */
bool log_traces(void);
#if defined(__GNUC__)
__attribute__((format(printf, 1, 2)))
#endif
void log_line(const char *format, ...);
#if defined(__GNUC__)
__attribute__((format(printf, 1, 2)))
#endif
void log_trace(const char *format, ...);

#endif
