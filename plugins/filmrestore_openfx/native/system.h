/* What the shim needs from the operating system: its own path, a clock, processes, channels, shared memory.
 *
 * system_posix.c and system_windows.c are the two implementations; nothing else includes system headers. */
#ifndef FILMRESTORE_SYSTEM_H
#define FILMRESTORE_SYSTEM_H

#include <stdbool.h>
#include <stddef.h>

#define PATH_ROOM 4096
#define ERROR_ROOM 1200

/* Milliseconds of a clock that only goes forward. */
long long system_now(void);
void system_sleep(int milliseconds);
long long system_process(void); /* this process's id */

/* The path of this library, links resolved. */
bool system_own_path(char *path, size_t room);
/* The default log file's path, and "~/x" -> the user's home. */
bool system_default_log(char *path, size_t room);
bool system_expand_home(const char *path, char *out, size_t room);
/* The whole of a file of at most `limit` bytes, with a zero behind it; NULL when it cannot be read. */
char *system_read_file(const char *file, size_t limit, size_t *length);
/* Makes the folders of a file's path; failing is not an error, opening the file will tell. */
void system_make_folders(const char *file);
/* Appends bytes in one call, so that lines of several processes do not mix. */
void system_append(const char *file, const char *bytes, size_t length);
long long system_file_size(const char *file); /* -1 when there is none */
void system_rename(const char *from, const char *to);

/* A worker process and its control channel. */
typedef struct Process {
    long long pid; /* 0: none */
    long long control, job, handle; /* descriptors or handles; -1: none */
    bool connected;                  /* Windows: the worker has opened the control pipe */
} Process;

void process_clear(Process *process);
/* Starts `arguments` (ended by NULL) with output to `log`; false writes why. */
bool process_start(Process *process, const char *const *arguments, const char *log, char *error, size_t room);
/* Reads what the control channel has: >0 bytes, 0 nothing within the time, -1 ended. */
int process_read(Process *process, char *bytes, size_t room, int milliseconds);
/* Closes the control channel, which ends the worker; waits up to the time, then makes sure. */
void process_end(Process *process, int milliseconds);
/* Looks whether the process is gone without waiting, and forgets it when so. */
void process_reap(Process *process);
/* Closes this process's copy of everything without ending the worker: the child after a fork. */
void process_forget(Process *process);

/* A two-way stream to one thread of the worker. */
typedef struct Channel {
    long long handle;
} Channel;

bool channel_open(Channel *channel, Process *process);
void channel_close(Channel *channel);
/* >0 bytes read, 0 nothing within the time, -1 ended. */
int channel_read(Channel *channel, char *bytes, size_t room, int milliseconds);
/* Sends all, or fails: a peer that takes nothing for 2 s is lost. `shared` is a descriptor to attach, or -1. */
bool channel_send(Channel *channel, const char *bytes, size_t length, long long shared);

/* Shared memory without a name that could be left behind. */
typedef struct Shared {
    unsigned char *bytes;
    size_t size;
    long long handle;
    char name[96]; /* Windows: the mapping's name */
} Shared;

bool shared_make(Shared *shared, size_t size);
void shared_free(Shared *shared);

#endif
