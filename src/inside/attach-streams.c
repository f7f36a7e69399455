/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "inside/attach-keep.h"
#include "inside/attach-streams.h"

/* By which they are kept. */
#define TERMINAL "terminal"
#define INPUT "input"
static const char *const source_names[_ATTACH_SOURCE_MAX] = { "output", "error" };
static const char *const log_names[_ATTACH_SOURCE_MAX] = { "output-log", "error-log" };

static void lose(int *fd, const char *name)
{
        if (*fd < 0)
                return;
        (void) close(*fd);
        *fd = -1;
        attach_forget(name);
}

uint8_t attach_streams_channels(const AttachStreams *s)
{
        static const uint8_t streams[3] = { ATTACH_STDIN, ATTACH_STDOUT, ATTACH_STDERR },
                             terminals[3] = { ATTACH_TTY_IN, ATTACH_TTY_OUT, ATTACH_TTY_OUT };
        uint8_t channels = 0;

        for (int i = 0; i < 3; i++)
                channels |= s->kinds[i] == STDIO_IS_STREAM ? streams[i]
                            : s->kinds[i] == STDIO_IS_TTY  ? terminals[i]
                                                           : 0;
        /* What is typed is echoed. */
        return channels & ATTACH_TTY_IN ? channels | ATTACH_TTY_OUT : channels;
}

void attach_streams_init(AttachStreams *s, const StdioKind kinds[static 3])
{
        *s = (AttachStreams) { .terminal = attach_kept(TERMINAL), .input = attach_kept(INPUT) };
        memcpy(s->kinds, kinds, sizeof(s->kinds));
        for (int i = 0; i < _ATTACH_SOURCE_MAX; i++) {
                s->sources[i].fd = attach_kept(source_names[i]);
                s->sources[i].log = attach_kept(log_names[i]);
        }
        if (s->terminal < 0)
                return;
        s->sources[ATTACH_SOURCE_OUTPUT].fd = s->terminal;
        s->input = s->kinds[0] == STDIO_IS_TTY ? s->terminal : s->input;
}

/* Opening the app's end */

/* All that was in the one before it has been read, or the app's unit would not have ended. */
static void take_terminal(AttachStreams *s, int fd)
{
        if (fd < 0)
                return;
        if (s->terminal >= 0)
                (void) close(s->terminal);
        s->terminal = fd;
        (void) fcntl(fd, F_SETFL, O_NONBLOCK);
        attach_keep(TERMINAL, fd);
}

static void set_size(const AttachStreams *s)
{
        const struct winsize size = { .ws_row = s->rows, .ws_col = s->columns };

        if (s->terminal >= 0 && s->rows > 0)
                (void) ioctl(s->terminal, TIOCSWINSZ, &size);
}

static int open_terminal(AttachStreams *s)
{
        int fd = ioctl(s->terminal, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);

        if (fd < 0)
                return -1;
        set_size(s);
        s->sources[ATTACH_SOURCE_OUTPUT].fd = s->terminal;
        if (s->kinds[0] == STDIO_IS_TTY)
                s->input = s->terminal;
        return fd;
}

/* Of the app's user: programs open such by name, as /dev/stdout. */
static bool make_pipe(const StdioRequest *request, int ends[static 2])
{
        bool made;

        (void) setfsuid(request->uid);
        made = pipe2(ends, O_CLOEXEC) == 0;
        (void) setfsuid(0);
        return made;
}

/* Returns the app's end. */
static int open_stream(const StdioRequest *request, int stream, int *ours, const char *name)
{
        int ends[2];

        lose(ours, name);
        if (!make_pipe(request, ends))
                return -1;
        *ours = ends[stream == 0];
        (void) fcntl(*ours, F_SETFL, O_NONBLOCK);
        attach_keep(name, *ours);
        return ends[stream != 0];
}

static int open_end(AttachStreams *s, const StdioRequest *request, int stream)
{
        if (s->kinds[stream] == STDIO_IS_TTY)
                return open_terminal(s);
        return stream == 0 ? open_stream(request, stream, &s->input, INPUT)
                           : open_stream(request, stream, &s->sources[stream - 1].fd, source_names[stream - 1]);
}

/* Standard output and error on the same terminal cannot be told apart: the journal gets them as the first of them.
 * Returns how many of the descriptors it took. */
static int take_logs(AttachStreams *s, const int logs[static 2])
{
        int next = 0;

        for (int i = 1; i < 3; i++) {
                bool terminal = s->kinds[i] == STDIO_IS_TTY;
                int source = terminal ? ATTACH_SOURCE_OUTPUT : i - 1, fd;

                if (!stdio_kind_is_attached(s->kinds[i]))
                        continue;
                fd = logs[next++];
                if (fd < 0)
                        continue;
                if (terminal && i == 2 && s->kinds[1] == STDIO_IS_TTY) {
                        (void) close(fd);
                        continue;
                }
                lose(&s->sources[source].log, log_names[source]);
                s->sources[source].n_held = s->sources[source].offset = 0;
                s->sources[source].log = fd;
                (void) fcntl(fd, F_SETFL, O_NONBLOCK);
                attach_keep(log_names[source], fd);
        }
        return next;
}

void attach_streams_close_ends(int ends[static 3], int n)
{
        for (int i = 0; i < n; i++)
                (void) close(ends[i]);
}

int attach_streams_open(AttachStreams *s, const StdioRequest *request, const int given[static 3], int ret[static 3])
{
        int n = take_logs(s, given);

        take_terminal(s, n < 3 ? given[n] : -1);
        n = 0;
        for (int i = 0; i < 3; i++) {
                if (!stdio_kind_is_attached(s->kinds[i]))
                        continue;
                ret[n] = open_end(s, request, i);
                if (ret[n] < 0) {
                        attach_streams_close_ends(ret, n);
                        return -1;
                }
                n++;
        }
        return n;
}

/* From the app */

/* The relay, which waits for the end of the pipe to the journal, and PID 1, which waits for the relay, learn of it. */
static void end_source(AttachStreams *s, int i)
{
        AttachSource *source = &s->sources[i];

        if (source->fd == s->terminal) {
                source->fd = -1;
                if (s->input == s->terminal)
                        s->input = -1;
        } else
                lose(&source->fd, source_names[i]);
        if (source->n_held == 0)
                lose(&source->log, log_names[i]);
}

static void hold(AttachSource *source, const uint8_t *data, size_t n)
{
        memcpy(source->held, data, n);
        source->n_held = n;
}

/* Lines of a terminal end with a carriage return, too; those of the journal do not. */
static void hold_lines(AttachSource *source, const uint8_t *data, size_t n)
{
        for (size_t i = 0; i < n; i++) {
                if (source->returned && data[i] != '\n')
                        source->held[source->n_held++] = '\r';
                source->returned = data[i] == '\r';
                if (!source->returned)
                        source->held[source->n_held++] = data[i];
        }
}

size_t attach_source_read(AttachStreams *s, int i, uint8_t *data)
{
        AttachSource *source = &s->sources[i];
        ssize_t n = read(source->fd, data, ATTACH_DATA_MAX);

        if (n < 0 && (errno == EAGAIN || errno == EINTR))
                return 0;
        /* EIO: a terminal that no process has open. */
        if (n <= 0) {
                end_source(s, i);
                return 0;
        }
        if (source->log >= 0) {
                (source->fd == s->terminal ? hold_lines : hold)(source, data, (size_t) n);
                attach_source_log(s, i);
        }
        return (size_t) n;
}

void attach_source_log(AttachStreams *s, int i)
{
        AttachSource *source = &s->sources[i];

        while (source->offset < source->n_held) {
                ssize_t n = write(source->log, source->held + source->offset, source->n_held - source->offset);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0 && errno == EAGAIN)
                        return;
                if (n < 0) {
                        lose(&source->log, log_names[i]);
                        break;
                }
                source->offset += (size_t) n;
        }
        source->n_held = source->offset = 0;
        if (source->fd < 0)
                lose(&source->log, log_names[i]);
}

/* To the app */

void attach_streams_feed(AttachStreams *s)
{
        while (s->offset < s->n_typed) {
                ssize_t n = write(s->input, s->typed + s->offset, s->n_typed - s->offset);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0 && errno == EAGAIN)
                        return;
                /* Nobody will read it. */
                if (n < 0)
                        break;
                s->offset += (size_t) n;
        }
        s->n_typed = s->offset = 0;
}

bool attach_streams_take_input(const AttachStreams *s)
{
        return s->n_typed == 0 && s->input >= 0;
}

void attach_streams_type(AttachStreams *s, const uint8_t *data, size_t n)
{
        memcpy(s->typed, data, n);
        s->n_typed = n;
        s->offset = 0;
        attach_streams_feed(s);
}

void attach_streams_end_input(AttachStreams *s)
{
        if (s->kinds[0] == STDIO_IS_STREAM)
                lose(&s->input, INPUT);
}

void attach_streams_resize(AttachStreams *s, uint16_t rows, uint16_t columns)
{
        s->rows = rows;
        s->columns = columns;
        set_size(s);
}
