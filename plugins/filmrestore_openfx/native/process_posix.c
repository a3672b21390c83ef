/* Linux and macOS: the worker process, its control channel, and the channels handed to it. */
#if !defined(_WIN32)
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "system.h"

extern char **environ;

#define SEND_PATIENCE_MS 2000

static void shut(long long *fd) {
    if (*fd >= 0) close((int)*fd);
    *fd = -1;
}

/* A pair of sockets that no other child of the host inherits and that never raise SIGPIPE. */
static bool socket_pair(int pair[2]) {
#if defined(__linux__)
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair)) return false;
#else
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair)) return false;
    for (int i = 0; i < 2; i++) {
        int on = 1;
        fcntl(pair[i], F_SETFD, FD_CLOEXEC);
        setsockopt(pair[i], SOL_SOCKET, SO_NOSIGPIPE, &on, sizeof on);
    }
#endif
    /* Only our own end: the worker's must block, and the flag belongs to one end of a pair. */
    fcntl(pair[0], F_SETFL, fcntl(pair[0], F_GETFL) | O_NONBLOCK);
    return true;
}

/* A host sets these for its own Python and libraries; they would break or hijack ours. */
static bool kept_out(const char *entry) {
    static const char *const starts[] = {"PYTHON",  "LD_LIBRARY_PATH=", "LD_PRELOAD=", "LD_AUDIT=",
                                         "DYLD_",   "__PYVENV_LAUNCHER__=", "VIRTUAL_ENV="};
    for (size_t i = 0; i < sizeof starts / sizeof *starts; i++)
        if (!strncmp(entry, starts[i], strlen(starts[i]))) return true;
    return false;
}

static char **clean_environment(void) {
    size_t count = 0;
    while (environ && environ[count]) count++;
    char **kept = calloc(count + 1, sizeof *kept);
    for (size_t i = 0, n = 0; kept && i < count; i++)
        if (!kept_out(environ[i])) kept[n++] = environ[i];
    return kept;
}

void process_clear(Process *process) {
    memset(process, 0, sizeof *process);
    process->control = process->job = process->handle = -1;
}

/* Descriptor 0 may be free in a host that closed its standard streams: then a plain dup2 onto itself would keep
 * close-on-exec, and the child would start without it. So everything handed on is moved above 2 first. */
static int above_standard(int fd) {
    if (fd > 2) return fd;
    int moved = fcntl(fd, F_DUPFD_CLOEXEC, 3);
    close(fd);
    return moved;
}

bool process_start(Process *process, const char *const *arguments, const char *log, char *error, size_t room) {
    int pair[2];
    if (!socket_pair(pair)) {
        snprintf(error, room, "no socket for the Python worker: %s", strerror(errno));
        return false;
    }
    pair[0] = above_standard(pair[0]);
    pair[1] = above_standard(pair[1]);
    int output = open(log, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0666);
    if (output < 0) output = open("/dev/null", O_WRONLY | O_CLOEXEC);
    output = above_standard(output);
    char **environment = clean_environment();
    if (pair[0] < 0 || pair[1] < 0 || output < 0 || !environment) {
        snprintf(error, room, "no descriptors or memory left to start the Python worker");
        for (int i = 0; i < 2; i++)
            if (pair[i] >= 0) close(pair[i]);
        if (output >= 0) close(output);
        free(environment);
        return false;
    }
    posix_spawn_file_actions_t files;
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_adddup2(&files, pair[1], 0);
    posix_spawn_file_actions_adddup2(&files, output, 1);
    posix_spawn_file_actions_adddup2(&files, output, 2);
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    posix_spawnattr_setpgroup(&attributes, 0);
    int flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP;
#if defined(POSIX_SPAWN_CLOEXEC_DEFAULT)
    flags |= POSIX_SPAWN_CLOEXEC_DEFAULT; /* macOS: no descriptor of the host leaks */
#endif
    posix_spawnattr_setflags(&attributes, (short)flags);
    pid_t pid = 0;
    int failed = posix_spawnp(&pid, arguments[0], &files, &attributes, (char *const *)arguments, environment);
    posix_spawn_file_actions_destroy(&files);
    posix_spawnattr_destroy(&attributes);
    free(environment);
    close(pair[1]);
    close(output);
    if (failed) {
        close(pair[0]);
        snprintf(error, room, "cannot start Python '%s': %s", arguments[0], strerror(failed));
        return false;
    }
    process->pid = pid;
    process->control = pair[0];
    return true;
}

static int wait_for(long long fd, short what, int milliseconds) {
    struct pollfd poll_fd = {(int)fd, what, 0};
    int ready = poll(&poll_fd, 1, milliseconds);
    if (ready < 0) return errno == EINTR ? 0 : -1;
    return ready;
}

static int read_some(long long fd, char *bytes, size_t room, int milliseconds) {
    for (int attempt = 0; attempt < 2; attempt++) {
        ssize_t count = recv((int)fd, bytes, room, 0);
        if (count > 0) return (int)count;
        if (!count) return -1;
        if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR) return -1;
        if (attempt || !milliseconds) return 0;
        int ready = wait_for(fd, POLLIN, milliseconds);
        if (ready <= 0) return ready;
    }
    return 0;
}

int process_read(Process *process, char *bytes, size_t room, int milliseconds) {
    return process->control < 0 ? -1 : read_some(process->control, bytes, room, milliseconds);
}

void process_end(Process *process, int milliseconds) {
    shut(&process->control);
    if (process->pid <= 0) return;
    pid_t pid = (pid_t)process->pid;
    process->pid = 0;
    pid_t seen = waitpid(pid, NULL, WNOHANG);
    for (int waited = 0; seen == 0 && waited < milliseconds; waited += 10) {
        system_sleep(10);
        seen = waitpid(pid, NULL, WNOHANG);
    }
    if (seen == 0) { /* still our own child, so the number is still its own */
        kill(-pid, SIGKILL);
        kill(pid, SIGKILL);
        for (int i = 0; i < 100 && waitpid(pid, NULL, WNOHANG) == 0; i++) system_sleep(10);
    }
}

void process_reap(Process *process) {
    /* A host that reaps or ignores its children leaves nothing to find: that is as good. */
    if (process->pid > 0 && waitpid((pid_t)process->pid, NULL, WNOHANG) != 0) process->pid = 0;
}

void process_forget(Process *process) {
    shut(&process->control);
    process->pid = 0;
}

/* Sends with an optional descriptor on the first byte. */
static bool send_all(long long fd, const char *bytes, size_t length, long long shared) {
    long long until = system_now() + SEND_PATIENCE_MS;
    size_t sent = 0;
    while (sent < length) {
        struct iovec part = {(void *)(bytes + sent), length - sent};
        union {
            struct cmsghdr align;
            char room[CMSG_SPACE(sizeof(int))];
        } ancillary;
        struct msghdr message = {0};
        message.msg_iov = &part;
        message.msg_iovlen = 1;
        if (shared >= 0 && !sent) {
            int number = (int)shared;
            memset(&ancillary, 0, sizeof ancillary);
            message.msg_control = ancillary.room;
            message.msg_controllen = sizeof ancillary.room;
            struct cmsghdr *head = CMSG_FIRSTHDR(&message);
            head->cmsg_level = SOL_SOCKET;
            head->cmsg_type = SCM_RIGHTS;
            head->cmsg_len = CMSG_LEN(sizeof(int));
            memcpy(CMSG_DATA(head), &number, sizeof number);
        }
#if defined(MSG_NOSIGNAL)
        ssize_t count = sendmsg((int)fd, &message, MSG_NOSIGNAL);
#else
        ssize_t count = sendmsg((int)fd, &message, 0);
#endif
        if (count > 0) {
            sent += (size_t)count;
            until = system_now() + SEND_PATIENCE_MS;
            continue;
        }
        if (count < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR) return false;
        if (system_now() > until || wait_for(fd, POLLOUT, 50) < 0) return false;
    }
    return true;
}

bool channel_open(Channel *channel, Process *process) {
    int pair[2];
    channel->handle = -1;
    if (process->control < 0 || !socket_pair(pair)) return false;
    bool given = send_all(process->control, "c", 1, pair[1]);
    close(pair[1]);
    if (!given) {
        close(pair[0]);
        return false;
    }
    channel->handle = pair[0];
    return true;
}

void channel_close(Channel *channel) { shut(&channel->handle); }

int channel_read(Channel *channel, char *bytes, size_t room, int milliseconds) {
    return channel->handle < 0 ? -1 : read_some(channel->handle, bytes, room, milliseconds);
}

bool channel_send(Channel *channel, const char *bytes, size_t length, long long shared) {
    return channel->handle >= 0 && send_all(channel->handle, bytes, length, shared);
}
#else
typedef int not_for_this_system;
#endif
