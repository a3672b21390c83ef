/* Windows: the worker process in a job of its own, and named pipes. Cross-compiled, never run by us. */
#if defined(_WIN32)
#include "windows_text.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "system.h"
#include "text.h"

#define COMMAND_ROOM 32767
#define CONNECT_PATIENCE_MS 5000
#define SEND_PATIENCE_MS 2000
#define PIPE_START "\\\\.\\pipe\\filmrestore-"

static HANDLE as_handle(long long handle) { return (HANDLE)(intptr_t)handle; }

static void shut(long long *handle) {
    if (*handle != -1) CloseHandle(as_handle(*handle));
    *handle = -1;
}

void process_clear(Process *process) {
    memset(process, 0, sizeof *process);
    process->control = process->job = process->handle = -1;
}

/* A pipe of which we are the server; its name is told to the worker alone, and remote machines are refused. */
static HANDLE make_pipe(char *name, size_t room) {
    wchar_t wide[160];
    if (!unguessable_name(PIPE_START, name, room) || !to_wide(name, wide, 160)) return INVALID_HANDLE_VALUE;
    return CreateNamedPipeW(wide, PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED | FILE_FLAG_FIRST_PIPE_INSTANCE,
                            PIPE_TYPE_BYTE | PIPE_READMODE_BYTE | PIPE_WAIT | PIPE_REJECT_REMOTE_CLIENTS, 1, 65536,
                            65536, 0, NULL);
}

typedef enum { PIPE_CONNECT, PIPE_READ, PIPE_WRITE } PipeWork;

/* One overlapped operation with a time limit: bytes done, 0 when nothing happened in time, -1 when the pipe ended. */
static int pipe_work(HANDLE pipe, PipeWork work, char *bytes, size_t length, int milliseconds) {
    OVERLAPPED overlapped;
    DWORD done = 0;
    BOOL at_once = FALSE;
    memset(&overlapped, 0, sizeof overlapped);
    overlapped.hEvent = CreateEventW(NULL, TRUE, FALSE, NULL);
    if (!overlapped.hEvent) return -1;
    switch (work) {
    case PIPE_CONNECT: at_once = ConnectNamedPipe(pipe, &overlapped); break;
    case PIPE_READ: at_once = ReadFile(pipe, bytes, (DWORD)length, NULL, &overlapped); break;
    case PIPE_WRITE: at_once = WriteFile(pipe, bytes, (DWORD)length, NULL, &overlapped); break;
    }
    DWORD error = at_once ? ERROR_SUCCESS : GetLastError();
    int result = -1;
    if (work == PIPE_CONNECT && error == ERROR_PIPE_CONNECTED) {
        result = 1;
    } else if (at_once || error == ERROR_IO_PENDING) {
        if (!at_once && WaitForSingleObject(overlapped.hEvent, (DWORD)milliseconds) == WAIT_TIMEOUT) CancelIoEx(pipe, &overlapped);
        /* After a cancel it may still have succeeded: only the result tells. */
        if (GetOverlappedResult(pipe, &overlapped, &done, TRUE))
            result = work == PIPE_CONNECT ? 1 : (int)done;
        else
            result = GetLastError() == ERROR_OPERATION_ABORTED ? 0 : -1;
        if (work == PIPE_READ && result == 0 && at_once) result = -1;
    }
    CloseHandle(overlapped.hEvent);
    return result;
}

static bool pipe_send(HANDLE pipe, const char *bytes, size_t length) {
    while (length) {
        int sent = pipe_work(pipe, PIPE_WRITE, (char *)bytes, length, SEND_PATIENCE_MS);
        if (sent <= 0) return false;
        bytes += sent;
        length -= (size_t)sent;
    }
    return true;
}

static bool kept_out(const wchar_t *entry) {
    static const wchar_t *const starts[] = {L"PYTHON", L"__PYVENV_LAUNCHER__=", L"VIRTUAL_ENV="};
    for (size_t i = 0; i < sizeof starts / sizeof *starts; i++)
        if (!_wcsnicmp(entry, starts[i], wcslen(starts[i]))) return true;
    return false;
}

static wchar_t *clean_environment(void) {
    wchar_t *all = GetEnvironmentStringsW();
    size_t length = 1;
    if (!all) return NULL;
    for (wchar_t *entry = all; *entry; entry += wcslen(entry) + 1) length += wcslen(entry) + 1;
    wchar_t *kept = calloc(length + 1, sizeof *kept), *to = kept;
    for (wchar_t *entry = all; kept && *entry; entry += wcslen(entry) + 1) {
        if (kept_out(entry)) continue;
        wcscpy(to, entry);
        to += wcslen(entry) + 1;
    }
    FreeEnvironmentStringsW(all);
    return kept;
}

/* Adds one argument, quoted as the C run-time of the new process takes it apart. */
static void add_argument(Text *line, const char *argument) {
    size_t slashes = 0;
    text_raw(line, line->length ? " \"" : "\"", line->length ? 2 : 1);
    for (const char *c = argument; *c; c++) {
        if (*c == '"')
            for (size_t i = 0; i <= slashes; i++) text_raw(line, "\\", 1);
        slashes = *c == '\\' ? slashes + 1 : 0;
        text_raw(line, c, 1);
    }
    for (size_t i = 0; i < slashes; i++) text_raw(line, "\\", 1);
    text_raw(line, "\"", 1);
}

/* Ends with the last handle to it: when the host ends, also when it is killed, the worker does too. */
static HANDLE make_job(void) {
    JOBOBJECT_EXTENDED_LIMIT_INFORMATION limits;
    HANDLE job = CreateJobObjectW(NULL, NULL);
    memset(&limits, 0, sizeof limits);
    limits.BasicLimitInformation.LimitFlags = JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE;
    if (job) SetInformationJobObject(job, JobObjectExtendedLimitInformation, &limits, sizeof limits);
    return job;
}

static HANDLE open_inherited(const char *file, DWORD access) {
    wchar_t wide[PATH_ROOM];
    SECURITY_ATTRIBUTES inherited = {sizeof inherited, NULL, TRUE};
    if (!to_wide(file, wide, PATH_ROOM)) return INVALID_HANDLE_VALUE;
    return CreateFileW(wide, access, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, &inherited, OPEN_ALWAYS,
                       FILE_ATTRIBUTE_NORMAL, NULL);
}

/* CreateProcess with only the log inherited: a host's other handles stay its own. */
static bool create(wchar_t *command, wchar_t *environment, HANDLE log, PROCESS_INFORMATION *made) {
    STARTUPINFOEXW start;
    SIZE_T size = 0;
    memset(&start, 0, sizeof start);
    start.StartupInfo.cb = sizeof start;
    InitializeProcThreadAttributeList(NULL, 1, 0, &size);
    start.lpAttributeList = calloc(1, size);
    bool ready = start.lpAttributeList && InitializeProcThreadAttributeList(start.lpAttributeList, 1, 0, &size);
    BOOL done = FALSE;
    if (ready) {
        if (log != INVALID_HANDLE_VALUE) {
            start.StartupInfo.dwFlags = STARTF_USESTDHANDLES;
            start.StartupInfo.hStdOutput = start.StartupInfo.hStdError = log;
            UpdateProcThreadAttribute(start.lpAttributeList, 0, PROC_THREAD_ATTRIBUTE_HANDLE_LIST, &log, sizeof log, NULL, NULL);
        }
        DWORD how = CREATE_SUSPENDED | CREATE_NO_WINDOW | CREATE_UNICODE_ENVIRONMENT | EXTENDED_STARTUPINFO_PRESENT;
        done = CreateProcessW(NULL, command, NULL, NULL, log != INVALID_HANDLE_VALUE, how, environment, NULL,
                              &start.StartupInfo, made);
        DeleteProcThreadAttributeList(start.lpAttributeList);
    }
    free(start.lpAttributeList);
    return done;
}

bool process_start(Process *process, const char *const *arguments, const char *log, char *error, size_t room) {
    char control[128];
    Text line;
    PROCESS_INFORMATION made;
    HANDLE pipe = make_pipe(control, sizeof control);
    HANDLE output = open_inherited(*log ? log : "NUL", FILE_APPEND_DATA);
    HANDLE job = make_job();
    wchar_t *environment = clean_environment(), *command = calloc(COMMAND_ROOM, sizeof *command);
    text_begin(&line, COMMAND_ROOM - 1);
    for (const char *const *argument = arguments; *argument; argument++) add_argument(&line, *argument);
    add_argument(&line, "--control");
    add_argument(&line, control);
    bool started = pipe != INVALID_HANDLE_VALUE && job && environment && command && !line.broken
                   && to_wide(line.bytes, command, COMMAND_ROOM) && create(command, environment, output, &made);
    if (!started) snprintf(error, room, "cannot start Python '%s': error %lu", arguments[0], GetLastError());
    text_free(&line);
    free(environment);
    free(command);
    if (output != INVALID_HANDLE_VALUE) CloseHandle(output);
    if (!started) {
        if (pipe != INVALID_HANDLE_VALUE) CloseHandle(pipe);
        if (job) CloseHandle(job);
        return false;
    }
    AssignProcessToJobObject(job, made.hProcess);
    ResumeThread(made.hThread);
    CloseHandle(made.hThread);
    process->pid = (long long)made.dwProcessId;
    process->handle = (long long)(intptr_t)made.hProcess;
    process->job = (long long)(intptr_t)job;
    process->control = (long long)(intptr_t)pipe;
    process->connected = false;
    return true;
}

int process_read(Process *process, char *bytes, size_t room, int milliseconds) {
    if (process->control == -1) return -1;
    if (!process->connected) {
        int answer = pipe_work(as_handle(process->control), PIPE_CONNECT, NULL, 0, milliseconds);
        if (answer < 0) return -1;
        process->connected = answer > 0;
        bool ended = WaitForSingleObject(as_handle(process->handle), 0) == WAIT_OBJECT_0;
        if (!process->connected) return ended ? -1 : 0;
    }
    return pipe_work(as_handle(process->control), PIPE_READ, bytes, room, milliseconds);
}

void process_end(Process *process, int milliseconds) {
    shut(&process->control);
    if (process->handle != -1 && WaitForSingleObject(as_handle(process->handle), (DWORD)milliseconds) == WAIT_TIMEOUT)
        TerminateProcess(as_handle(process->handle), 1);
    shut(&process->handle);
    shut(&process->job);
    process->pid = 0;
    process->connected = false;
}

void process_reap(Process *process) {
    if (process->handle != -1 && WaitForSingleObject(as_handle(process->handle), 0) == WAIT_OBJECT_0)
        process_end(process, 0);
}

void process_forget(Process *process) {
    shut(&process->control);
    shut(&process->handle);
    shut(&process->job);
    process->pid = 0;
}

bool channel_open(Channel *channel, Process *process) {
    char name[128], line[160];
    channel->handle = -1;
    if (process->control == -1) return false;
    HANDLE pipe = make_pipe(name, sizeof name);
    if (pipe == INVALID_HANDLE_VALUE) return false;
    int length = snprintf(line, sizeof line, "connect\t%s\n", name); /* a pipe's name needs its backslashes as they are */
    if (!pipe_send(as_handle(process->control), line, (size_t)length)
        || pipe_work(pipe, PIPE_CONNECT, NULL, 0, CONNECT_PATIENCE_MS) <= 0) {
        CloseHandle(pipe);
        return false;
    }
    channel->handle = (long long)(intptr_t)pipe;
    return true;
}

void channel_close(Channel *channel) { shut(&channel->handle); }

int channel_read(Channel *channel, char *bytes, size_t room, int milliseconds) {
    return channel->handle == -1 ? -1 : pipe_work(as_handle(channel->handle), PIPE_READ, bytes, room, milliseconds);
}

bool channel_send(Channel *channel, const char *bytes, size_t length, long long shared) {
    (void)shared; /* a segment's name stands in the line */
    return channel->handle != -1 && pipe_send(as_handle(channel->handle), bytes, length);
}
#else
typedef int not_for_this_system;
#endif
