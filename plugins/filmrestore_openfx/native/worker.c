/* The one worker of this host process: start, handshake, pool, end. */
#define _GNU_SOURCE
#include "worker.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lock.h"
#include "log.h"
#include "manifest.h"
#include "segments.h"
#include "text.h"

#define START_PATIENCE_MS 20000
#define RETRY_AFTER_MS 2000
#define STEP_MS 50
#define MOST_IDLE 16
#define DYING_MS 300 /* a dying process closes its descriptors one after the other */

typedef enum { NONE, STARTING, RUNNING } State;

/* All below is under this lock, which is never held for longer than one step of waiting. */
static Lock guard = LOCK_INIT;
static State state;
static Process process;
static bool process_made;
static unsigned generation;
static long long owner;       /* the process that started the worker: a fork must not use it */
static long long started_at, failed_at;
static bool has_failed;
static char last_error[ERROR_ROOM];
static char hello[1001];
static size_t hello_length;
static Connection *idle;
static int idle_count, in_flight;

static void drop_idle(void) {
    while (idle) {
        Connection *next = idle->next;
        channel_close(&idle->channel);
        free(idle);
        idle = next;
    }
    idle_count = 0;
}

static void failed(const char *text) {
    text_copy(last_error, sizeof last_error, text);
    has_failed = true;
    failed_at = system_now();
    state = NONE;
    log_line("%s", last_error);
}

/* The worker is gone or is to go: nothing of it may be used again. */
static void forget_worker(int patience) {
    drop_idle();
    segments_clear();
    process_end(&process, patience);
    state = NONE;
    generation++;
}

static void after_a_fork(void) {
    if (!owner || owner == system_process()) return;
    drop_idle();
    segments_clear();
    process_forget(&process);
    state = NONE;
    in_flight = 0;
    generation++;
    owner = 0;
}

static const char *interpreter(void) {
    const char *set = getenv("FILMRESTORE_OFX_PYTHON");
    return set && *set ? set : manifest()->python;
}

static void start(void) {
    const Manifest *m = manifest();
    char host_pid[32], error[ERROR_ROOM];
    snprintf(host_pid, sizeof host_pid, "%lld", system_process());
    log_rotate();
    const char *arguments[16] = {interpreter(), "-I"};
    int n = 2;
    if (m->worker_is_module) arguments[n++] = "-m";
    arguments[n++] = m->worker;
    arguments[n++] = "--protocol";
    arguments[n++] = PROTOCOL_NUMBER;
    arguments[n++] = "--package";
    arguments[n++] = m->package;
    arguments[n++] = "--host-pid";
    arguments[n++] = host_pid;
    arguments[n++] = "--log";
    arguments[n++] = log_path();
    if (!process_made) process_clear(&process);
    process_made = true;
    process_reap(&process);
    if (!process_start(&process, arguments, log_path(), error, sizeof error)) {
        char text[ERROR_ROOM + 200];
        snprintf(text, sizeof text, "%s. Run 'filmrestore openfx install' again", error);
        failed(text);
        return;
    }
    owner = system_process();
    started_at = system_now();
    hello_length = 0;
    state = STARTING;
    log_line("worker %lld started: %s", process.pid, interpreter());
}

/* Judges the worker's first line. */
static void greet(char *line) {
    char *fields[6], text[ERROR_ROOM];
    const Manifest *m = manifest();
    int n = text_split(line, fields, 6);
    if (n == 4 && !strcmp(fields[0], "ready") && !strcmp(fields[1], PROTOCOL_NUMBER)
        && !strcmp(fields[2], m->package)) {
        state = RUNNING;
        has_failed = false;
        log_line("worker %lld ready after %lld ms", process.pid, system_now() - started_at);
        return;
    }
    if (n == 2 && !strcmp(fields[0], "failed"))
        text_copy(text, sizeof text, fields[1]);
    else if (n == 4 && !strcmp(fields[0], "ready"))
        snprintf(text, sizeof text,
                 "the node was installed for filmrestore %.100s (protocol %s), but %.300s has %.100s (protocol %.20s). "
                 "Run 'filmrestore openfx install' again",
                 m->package, PROTOCOL_NUMBER, interpreter(), fields[2], fields[1]);
    else
        snprintf(text, sizeof text, "the Python worker answered something else than 'ready'; see %.500s", log_path());
    forget_worker(0);
    failed(text);
}

/* One step of waiting for the worker's first line. */
static void wait_a_step(void) {
    char text[ERROR_ROOM];
    int count = process_read(&process, hello + hello_length, sizeof hello - 1 - hello_length, STEP_MS);
    if (count > 0) {
        hello_length += (size_t)count;
        hello[hello_length] = 0;
        char *end = memchr(hello, '\n', hello_length);
        if (end) {
            *end = 0;
            greet(hello);
            return;
        }
    }
    bool full = hello_length == sizeof hello - 1;
    bool late = system_now() - started_at > START_PATIENCE_MS;
    if (count >= 0 && !late && !full) return;
    snprintf(text, sizeof text, "the Python worker (%.300s) %s; see %.500s", interpreter(),
             count < 0 ? "ended while starting" : full ? "answered something else than 'ready'"
                                                       : "did not start within 20 s",
             log_path());
    forget_worker(count < 0 ? 1000 : 0);
    failed(text);
}

static Connection *from_pool(void) {
    while (idle) {
        char stray;
        Connection *rested = idle;
        idle = rested->next;
        idle_count--;
        /* It must have been silent: what came while nobody asked would be taken for an answer. */
        if (channel_read(&rested->channel, &stray, 1, 0) == 0) return rested;
        channel_close(&rested->channel);
        free(rested);
    }
    Connection *connection = calloc(1, sizeof *connection);
    if (connection && !channel_open(&connection->channel, &process)) {
        free(connection);
        return NULL;
    }
    if (connection) connection->generation = generation;
    return connection;
}

/* One step towards a connection, under the lock. False: not yet. */
static bool step(bool may_start, Connection **out, char *error, size_t room, Got *got) {
    after_a_fork();
    if (state == NONE) {
        if (!may_start) {
            *got = NO_WORKER_RUNS;
            return true;
        }
        if (!has_failed || system_now() - failed_at >= RETRY_AFTER_MS) {
            has_failed = false;
            start();
        }
    }
    if (state == STARTING) wait_a_step();
    if (state == NONE && has_failed) {
        text_copy(error, room, last_error);
        *got = WORKER_FAILED;
        return true;
    }
    if (state != RUNNING) return false;
    *out = from_pool();
    if (!*out) { /* the worker has gone since the last action: start anew */
        log_line("worker %lld is gone", process.pid);
        forget_worker(100);
        return false;
    }
    in_flight++;
    *got = GOT_CONNECTION;
    return true;
}

Got worker_connect(bool may_start, StopAsked stop, void *context, Connection **out, char *error, size_t room) {
    Got got = WORKER_FAILED;
    for (;;) {
        lock_take(&guard);
        bool settled = step(may_start, out, error, room, &got);
        lock_give(&guard);
        if (settled) return got;
        if (stop && stop(context)) return WAS_STOPPED;
    }
}

void worker_release(Connection *connection, Health health) {
    lock_take(&guard);
    if (in_flight > 0) in_flight--;
    bool current = connection->generation == generation;
    if (health == HEALTHY && current && idle_count < MOST_IDLE && connection->taken == connection->filled) {
        connection->next = idle;
        idle = connection;
        idle_count++;
        connection = NULL;
    } else {
        channel_close(&connection->channel);
        free(connection);
        /* The control channel tells whether it was this connection alone or the whole worker. */
        char byte;
        int patience = health == ENDED_BY_WORKER ? DYING_MS : 0;
        if (current && health != HEALTHY && state == RUNNING && process_read(&process, &byte, 1, patience) < 0) {
            log_line("worker %lld has ended", process.pid);
            forget_worker(100);
        }
    }
    lock_give(&guard);
}

void worker_close(void) {
    lock_take(&guard);
    after_a_fork();
    if (state != NONE && in_flight == 0) {
        log_line("worker %lld closed", process.pid);
        forget_worker(1000);
    }
    lock_give(&guard);
}

/* A host that unloads the library, or ends, without Unload: the worker must not outlive it. */
#if defined(__GNUC__)
__attribute__((destructor)) static void library_goes(void) {
    if (state != NONE && owner == system_process()) process_forget(&process);
}
#endif

int connection_line(Connection *c, char **line, int milliseconds) {
    if (c->taken) { /* the line handed out before is done with */
        memmove(c->buffer, c->buffer + c->taken, c->filled - c->taken);
        c->filled -= c->taken;
        c->taken = 0;
    }
    char *end = memchr(c->buffer, '\n', c->filled);
    if (!end) {
        if (c->filled >= LONGEST_WORKER_LINE) return -1;
        int count = channel_read(&c->channel, c->buffer + c->filled, LONGEST_WORKER_LINE - c->filled, milliseconds);
        if (count <= 0) return count;
        end = memchr(c->buffer + c->filled, '\n', (size_t)count);
        c->filled += (size_t)count;
        if (!end) return c->filled >= LONGEST_WORKER_LINE ? -1 : 0;
    }
    c->taken = (size_t)(end - c->buffer) + 1;
    *end = 0;
    if (memchr(c->buffer, 0, c->taken - 1)) return -1;
    *line = c->buffer;
    return 1;
}
