/* The one worker of this host process, and the pool of connections to it. */
#ifndef FILMRESTORE_WORKER_H
#define FILMRESTORE_WORKER_H

#include <stdbool.h>
#include <stddef.h>

#include "system.h"

#define LONGEST_WORKER_LINE 8191
#define LONGEST_SHIM_LINE 65535

/* One connection: it serves one action at a time, then goes back to the pool. */
typedef struct Connection {
    Channel channel;
    unsigned generation; /* which worker it belongs to */
    size_t filled, taken; /* bytes read, bytes of them handed out */
    char buffer[LONGEST_WORKER_LINE + 1];
    struct Connection *next;
} Connection;

typedef enum { GOT_CONNECTION, NO_WORKER_RUNS, WORKER_FAILED, WAS_STOPPED } Got;

/* Asked every 50 ms while a worker starts; true gives up waiting (the start goes on). */
typedef bool (*StopAsked)(void *context);

/* A connection to the worker, which is started when none runs and `may_start`. On failure `error` says why. */
Got worker_connect(bool may_start, StopAsked stop, void *context, Connection **out, char *error, size_t room);
/* Gives a connection back: to the pool when healthy; else it is closed. When the worker itself ended it, the whole worker
 * may be gone, which is looked at for a moment. */
typedef enum { HEALTHY, GIVEN_UP, ENDED_BY_WORKER } Health;
void worker_release(Connection *connection, Health health);
/* Ends the worker when no action is in flight. */
void worker_close(void);

/* 1: a line (in place, without its LF); 0: none within the time; -1: ended, or too long. */
int connection_line(Connection *connection, char **line, int milliseconds);

#endif
