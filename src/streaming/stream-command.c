/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <signal.h>
#include <sys/wait.h>

#include "basic/fd.h"
#include "basic/log.h"
#include "basic/time-util.h"
#include "shared/json-table.h"
#include "streaming/stream-program.h"
#include "streaming/stream-relay.h"
#include "streaming/stream-session.h"
#include "streaming/stream-status.h"

/* A client that has not opened all channels in this time never will. */
#define OPEN_USEC (30 * USEC_PER_SEC)
/* Between being asked to end and being made to; see enter-app.c for the second. */
#define KILL_USEC (5 * USEC_PER_SEC)
#define RESIZE_MAX 256U

typedef struct Command {
        sd_event *event;
        const StreamRequest *request;
        const StreamProtocol *protocol;
        StreamConnection *connection;
        StreamChannel *channels[_STREAM_KIND_MAX];
        StreamProgram program;
        StreamSink *input;
        bool input_ended;
        StreamSource *output, *errors;
        unsigned n_sources; /* that have not ended */
        sd_event_source *child, *timer;
        bool ended;  /* the program has; its status is this */
        bool gone;   /* the client is */
        unsigned kills;
        int status;
        char *message;
} Command;

static void command_done(Command *c)
{
        stream_sink_free(c->input);
        stream_source_free(c->output);
        stream_source_free(c->errors);
        sd_event_source_disable_unref(c->child);
        sd_event_source_disable_unref(c->timer);
        stream_program_done(&c->program);
        stream_connection_free(c->connection);
        sd_event_unref(c->event);
        free(c->message);
}

/* The end */

static void tell_status(Command *c)
{
        _cleanup_free_ char *text = NULL;
        StreamChannel *channel = c->channels[STREAM_ERROR];

        if (channel && stream_status_write(c->protocol, c->status, c->message, &text) >= 0 && text)
                stream_send(c->connection, channel, (const uint8_t *) text, strlen(text));
        for (size_t i = 0; i < _STREAM_KIND_MAX; i++)
                if (c->channels[i])
                        stream_end(c->connection, c->channels[i]);
        stream_finish(c->connection);
}

/* The status is the last word, after all output. */
static void finish_if_done(Command *c)
{
        if (c->ended && c->n_sources == 0 && !c->gone)
                tell_status(c);
        if (c->ended && c->gone)
                (void) sd_event_exit(c->event, 0);
}

static void on_source_end(void *userdata)
{
        Command *c = userdata;

        c->n_sources--;
        finish_if_done(c);
}

static int on_child(sd_event_source *source, const siginfo_t *info, void *userdata)
{
        Command *c = userdata;

        c->status = stream_program_result(&c->program, info->si_code, info->si_status, &c->message);
        c->ended = true;
        if (c->output)
                stream_source_expect_end(c->output);
        if (c->errors)
                stream_source_expect_end(c->errors);
        finish_if_done(c);
        return 0;
}

static void drop_streams(Command *c)
{
        c->input = stream_sink_free(c->input);
        c->output = stream_source_free(c->output);
        c->errors = stream_source_free(c->errors);
        c->n_sources = 0;
}

/* A connection that is cut off looks like a success to clients over SPDY, unless the status has begun: they read what
 * is there to its end, and the beginning of an object is an error. Over WebSocket the end of a connection is one of
 * two kinds, and a message is read as it comes. */
static void begin_status(Command *c)
{
        StreamChannel *channel = c->channels[STREAM_ERROR];

        if (channel && c->protocol->transport == STREAM_SPDY && c->protocol->tells_status)
                stream_send(c->connection, channel, (const uint8_t *) " ", 1);
}

/* The program could not even be started. */
static void fail(Command *c, int r)
{
        drop_streams(c);
        c->status = r;
        c->message = strprintf("cannot start the command: %s", strerror(-r));
        c->ended = true;
        finish_if_done(c);
}

/* The client has left */

static int on_kill(sd_event_source *source, uint64_t now, void *userdata)
{
        Command *c = userdata;

        if (c->ended)
                return 0;
        (void) kill(c->program.pid, c->kills++ < 2 ? SIGTERM : SIGKILL);
        (void) sd_event_source_set_time_relative(source, KILL_USEC);
        return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

static void on_gone(void *userdata)
{
        Command *c = userdata;

        c->gone = true;
        drop_streams(c);
        if (c->program.pid <= 0 || c->ended) {
                (void) sd_event_exit(c->event, 0);
                return;
        }
        /* Its report stays. */
        c->program.in = c->program.out = safe_close(c->program.in);
        c->timer = sd_event_source_disable_unref(c->timer);
        if (sd_event_add_time_relative(c->event, &c->timer, CLOCK_MONOTONIC, 0, 0, on_kill, c) < 0)
                (void) kill(c->program.pid, SIGTERM);
}

/* The beginning */

static int watch_source(Command *c, StreamKind kind, int *fd, StreamSource **ret)
{
        int r;

        if (!c->channels[kind] || *fd < 0)
                return 0;
        r = stream_source_new(c->event, c->connection, c->channels[kind], TAKE_FD(*fd), on_source_end, c, ret);
        c->n_sources += r >= 0;
        return r;
}

static int watch_input(Command *c, int *fd)
{
        int r;

        if (!c->channels[STREAM_STDIN])
                return 0;
        r = stream_sink_new(c->event, c->connection, c->request->tty, &c->input);
        return r < 0 ? r : stream_sink_open(c->input, TAKE_FD(*fd));
}

/* A terminal stays ours, too, for its size. */
static int watch_terminal(Command *c)
{
        int fd = fcntl(c->program.in, F_DUPFD_CLOEXEC, 0), other = fcntl(c->program.in, F_DUPFD_CLOEXEC, 0);
        int r = watch_source(c, STREAM_STDOUT, &fd, &c->output);

        safe_close(fd);
        if (r >= 0)
                r = watch_input(c, &other);
        safe_close(other);
        return r;
}

static int watch_pipes(Command *c)
{
        int r = watch_source(c, STREAM_STDOUT, &c->program.out, &c->output);

        if (r >= 0)
                r = watch_source(c, STREAM_STDERR, &c->program.err, &c->errors);
        return r < 0 ? r : watch_input(c, &c->program.in);
}

static int start_program(Command *c)
{
        int r = stream_program_start(c->request, &c->program);

        if (r < 0)
                return r;
        c->timer = sd_event_source_disable_unref(c->timer);
        r = sd_event_add_child(c->event, &c->child, c->program.pid, WEXITED, on_child, c);
        if (r >= 0)
                r = c->request->tty ? watch_terminal(c) : watch_pipes(c);
        if (r < 0) {
                c->child = sd_event_source_disable_unref(c->child);
                (void) kill(c->program.pid, SIGTERM);
                return r;
        }
        if (c->input && c->input_ended)
                stream_sink_end(c->input);
        return 0;
}

static bool is_complete(const Command *c)
{
        unsigned wanted = stream_protocol_channels(c->protocol, c->request);

        for (unsigned kind = 0; kind < _STREAM_KIND_MAX; kind++)
                if (wanted & 1U << kind && !c->channels[kind])
                        return false;
        return true;
}

static int on_open(StreamChannel *channel, void *userdata)
{
        Command *c = userdata;
        int r;

        if (c->channels[channel->kind])
                return -EEXIST;
        c->channels[channel->kind] = channel;
        if (channel->kind == STREAM_ERROR)
                begin_status(c);
        if (!is_complete(c))
                return 0;
        r = start_program(c);
        if (r < 0)
                fail(c, r);
        return 0;
}

static int on_late(sd_event_source *source, uint64_t now, void *userdata)
{
        Command *c = userdata;

        log_debug("the client has not opened all channels");
        stream_finish(c->connection);
        return 0;
}

/* While it runs */

typedef struct Size {
        uint32_t rows, columns;
} Size;

static const JsonField size_table[] = {
        { "Width", &json_uint32, offsetof(Size, columns), 0 },
        { "Height", &json_uint32, offsetof(Size, rows), 0 },
        {},
};

/* An object as clients send it: as a rule, one in each piece. Several in a row count as well. */
static void take_sizes(const Command *c, const uint8_t *data, size_t n)
{
        while (n > 0) {
                const uint8_t *end = memchr(data, '}', n);
                size_t k = end ? (size_t) (end - data) + 1 : n;
                _cleanup_json_object_ json_object *o = NULL;
                Size size = {};

                if (k <= RESIZE_MAX && json_parse_memory((const char *) data, k, &o, NULL) >= 0 &&
                    json_table_read(size_table, o, &size, NULL) >= 0 && size.rows <= UINT16_MAX &&
                    size.columns <= UINT16_MAX)
                        stream_program_resize(&c->program, (uint16_t) size.rows, (uint16_t) size.columns);
                data += k;
                n -= k;
        }
}

static void on_data(StreamChannel *channel, const uint8_t *data, size_t n, void *userdata)
{
        Command *c = userdata;

        if (channel->kind == STREAM_STDIN && c->input)
                stream_sink_write(c->input, data, n);
        else if (channel->kind == STREAM_RESIZE)
                take_sizes(c, data, n);
}

/* A channel that is reset by the client gets nothing more; the command goes on. */
static void on_end(StreamChannel *channel, bool reset, void *userdata)
{
        Command *c = userdata;

        if (channel->kind != STREAM_STDIN)
                return;
        c->input_ended = true;
        if (c->input)
                stream_sink_end(c->input);
}

static void on_room(void *userdata)
{
        Command *c = userdata;

        if (c->output)
                stream_source_resume(c->output);
        if (c->errors)
                stream_source_resume(c->errors);
}

int stream_command_run(int fd, const StreamProtocol *protocol, const StreamRequest *request, const void *early,
                       size_t n_early)
{
        _cleanup_(command_done) Command c = { .request = request, .protocol = protocol,
                                              .program = STREAM_PROGRAM_NONE };
        int r = sd_event_new(&c.event);

        if (r >= 0)
                r = sd_event_add_time_relative(c.event, &c.timer, CLOCK_MONOTONIC, OPEN_USEC, 0, on_late, &c);
        if (r < 0) {
                safe_close(fd);
                return r;
        }
        r = stream_connection_new(c.event, fd, protocol, request,
                                  &(StreamEvents) { on_open, on_data, on_end, on_room, on_gone }, &c, &c.connection);
        if (r >= 0)
                r = stream_connection_start(c.connection, early, n_early);
        return r < 0 ? r : sd_event_loop(c.event);
}
