/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "basic/unix-socket.h"
#include "cli/terminal/pod-output.h"
#include "inside/app-output.h"
#include "pod/late-output.h"
#include "pod/plan-stdio.h"

/* Bytes that wait to be written. */
typedef struct Text {
        char *data;
        size_t n, allocated;
} Text;

/* Where they are to go: our standard output or error. */
typedef struct Sink {
        PodOutput *output;
        int fd;
        int error; /* -errno: nothing can be written any more */
        Text waiting;
        sd_event_source *writable; /* while the reader does not take them */
} Sink;

/* An app's connection. Each restart of the app makes another. */
typedef struct Connection {
        PodOutput *output;
        struct Listener *listener; /* NULL: it has ended */
        int fd;
        sd_event_source *readable;
        OutputFrame frame;
        size_t n_header, n_left; /* of the frame */
        OutputEnd end;           /* as far as it has come */
        Text lines[2];           /* that have not ended yet */
        uint32_t taken;          /* to be acknowledged */
} Connection;

/* An app's socket. */
typedef struct Listener {
        PodOutput *output;
        char *app;
        int fd; /* negative: the app was removed, and goes once its connections have ended */
        sd_event_source *incoming;
        bool has_ended;
        OutputEnd end;
} Listener;

struct PodOutput {
        sd_event *event;
        bool prefixed; /* several apps, or there may be: each line begins with its app's name */
        Sink sinks[2];
        Listener **listeners;
        size_t n_listeners;
        int control; /* where apps that come later are announced; negative: none do */
        sd_event_source *announced;
        Connection **connections;
        size_t n_connections;
        void (*all_ended)(int exit_status, void *userdata);
        void *userdata;
};

static int text_add(Text *t, const char *data, size_t n)
{
        if (n == 0)
                return 0;
        if (t->n + n > t->allocated) {
                size_t wanted = MAX(t->allocated * 2, t->n + n);
                char *grown = realloc(t->data, wanted);

                if (!grown)
                        return -ENOMEM;
                t->data = grown;
                t->allocated = wanted;
        }
        memcpy(t->data + t->n, data, n);
        t->n += n;
        return 0;
}

static void text_drop(Text *t, size_t n)
{
        t->n -= n;
        if (t->n > 0)
                memmove(t->data, t->data + n, t->n);
}

/* Writing */

/* A pipe that is writable takes so much without making us wait (pipe(7), PIPE_BUF). */
#define STEP 4096

static bool is_writable(const Sink *s, bool patient)
{
        struct pollfd p = { .fd = s->fd, .events = POLLOUT };
        int r;

        do
                r = poll(&p, 1, patient ? -1 : 0);
        while (r < 0 && errno == EINTR);
        return r > 0;
}

/* False while the reader does not take more. What can never be written is dropped. */
static bool sink_write(Sink *s, bool patient)
{
        size_t done = 0;

        while (s->error == 0 && done < s->waiting.n && is_writable(s, patient)) {
                ssize_t k = write(s->fd, s->waiting.data + done, MIN(s->waiting.n - done, (size_t) STEP));

                if (k >= 0)
                        done += (size_t) k;
                else if (errno != EAGAIN && errno != EINTR)
                        s->error = -errno;
        }
        text_drop(&s->waiting, s->error < 0 ? s->waiting.n : done);
        return s->waiting.n == 0;
}

/* Once fewer bytes wait than may be under way, all apps may send more. */
static void acknowledge(PodOutput *o)
{
        if (o->sinks[0].waiting.n + o->sinks[1].waiting.n >= OUTPUT_WINDOW)
                return;
        for (size_t i = 0; i < o->n_connections; i++) {
                Connection *c = o->connections[i];

                if (c->fd < 0 || c->taken == 0)
                        continue;
                /* What cannot be sent now is sent with the next. */
                if (send(c->fd, &c->taken, sizeof(c->taken), MSG_NOSIGNAL | MSG_DONTWAIT) == sizeof(c->taken))
                        c->taken = 0;
        }
}

static int on_writable(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
        Sink *s = userdata;

        if (sink_write(s, false))
                (void) sd_event_source_set_enabled(source, SD_EVENT_OFF);
        acknowledge(s->output);
        return 0;
}

static int sink_flush(Sink *s)
{
        if (sink_write(s, false))
                return 0;
        if (s->writable)
                return sd_event_source_set_enabled(s->writable, SD_EVENT_ON);
        return sd_event_add_io(s->output->event, &s->writable, s->fd, EPOLLOUT, on_writable, s);
}

/* Lines */

/* A line that never ends is printed in pieces. */
#define LINE_MAX_BYTES (256 * 1024)

static int add_line(Sink *s, const char *app, const char *line, size_t n)
{
        int r = text_add(&s->waiting, app, strlen(app));

        if (r < 0)
                return r;
        r = text_add(&s->waiting, ": ", 2);
        if (r < 0)
                return r;
        r = text_add(&s->waiting, line, n);
        return r < 0 ? r : text_add(&s->waiting, "\n", 1);
}

static int add_lines(Connection *c, int i, const char *data, size_t n)
{
        Text *line = &c->lines[i];

        for (const char *end; n > 0; data = end + 1) {
                size_t length = (end = memchr(data, '\n', n)) ? (size_t) (end - data) : n;
                int r = text_add(line, data, length);

                if (r < 0 || (!end && line->n < LINE_MAX_BYTES))
                        return r;
                r = add_line(&c->output->sinks[i], c->listener->app, line->data, line->n);
                if (r < 0)
                        return r;
                line->n = 0;
                if (!end)
                        return 0;
                n -= length + 1;
        }
        return 0;
}

static int take_data(Connection *c, const char *data, size_t n)
{
        int i = c->frame.stream == OUTPUT_STDERR;
        Sink *s = &c->output->sinks[i];

        c->taken += (uint32_t) n;
        if (s->error < 0)
                return 0;
        return c->output->prefixed ? add_lines(c, i, data, n) : text_add(&s->waiting, data, n);
}

/* Ends */

void pod_output_on_ends(PodOutput *o, void (*all_ended)(int exit_status, void *userdata), void *userdata)
{
        o->all_ended = all_ended;
        o->userdata = userdata;
}

static int status_of_pod(const PodOutput *o)
{
        int failure = 0;

        for (size_t i = 0; i < o->n_listeners; i++) {
                const OutputEnd *end = &o->listeners[i]->end;

                if (end->meaning == END_DECIDES)
                        return end->status;
                if (end->meaning == END_FAILED && failure == 0)
                        failure = end->status;
        }
        return failure;
}

static void note_end(Listener *l, const OutputEnd *end)
{
        PodOutput *o = l->output;

        l->has_ended = true;
        l->end = *end;
        for (size_t i = 0; i < o->n_listeners; i++)
                if (!o->listeners[i]->has_ended)
                        return;
        if (o->all_ended)
                o->all_ended(status_of_pod(o), o->userdata);
        o->all_ended = NULL;
}

/* n more bytes of a frame. */
static int take_end(Connection *c, const char *data, size_t n)
{
        if (c->frame.n != sizeof(OutputEnd))
                return -EBADMSG;
        memcpy((char *) &c->end + sizeof(OutputEnd) - c->n_left, data, n);
        if (n == c->n_left)
                note_end(c->listener, &c->end);
        return 0;
}

/* Reading */

static int take_bytes(Connection *c, const char *data, size_t n)
{
        while (n > 0) {
                size_t k;
                int r;

                if (c->n_header < sizeof(c->frame)) {
                        k = MIN(n, sizeof(c->frame) - c->n_header);
                        memcpy((char *) &c->frame + c->n_header, data, k);
                        c->n_header += k;
                        c->n_left = c->frame.n;
                } else {
                        k = MIN(n, c->n_left);
                        r = c->frame.stream == OUTPUT_END ? take_end(c, data, k) : take_data(c, data, k);
                        if (r < 0)
                                return r;
                        c->n_left -= k;
                }
                if (c->n_header == sizeof(c->frame) && c->n_left == 0)
                        c->n_header = 0;
                data += k;
                n -= k;
        }
        return 0;
}

static Listener *listener_free(Listener *l)
{
        if (!l)
                return NULL;
        sd_event_source_disable_unref(l->incoming);
        safe_close(l->fd);
        free(l->app);
        return mfree(l);
}

/* If its app was removed, and nothing of that is still to come. */
static void drop_listener(PodOutput *o, Listener *l)
{
        size_t i = 0;

        for (size_t k = 0; k < o->n_connections; k++)
                if (o->connections[k]->listener == l)
                        return;
        while (i < o->n_listeners && o->listeners[i] != l)
                i++;
        if (l->fd >= 0 || i == o->n_listeners)
                return;
        o->listeners[i] = o->listeners[--o->n_listeners];
        listener_free(l);
}

static void connection_close(Connection *c)
{
        Listener *l = c->listener;

        if (!l)
                return;
        for (int i = 0; i < 2; i++) {
                if (c->lines[i].n > 0)
                        (void) add_line(&c->output->sinks[i], l->app, c->lines[i].data, c->lines[i].n);
                free(c->lines[i].data);
                c->lines[i] = (Text) {};
        }
        c->readable = sd_event_source_disable_unref(c->readable);
        c->fd = safe_close(c->fd);
        c->listener = NULL;
        drop_listener(c->output, l);
}

/* 0: that was all. */
static int connection_read(Connection *c, int flags)
{
        static char data[65536];
        ssize_t n = recv(c->fd, data, sizeof(data), flags);
        int r;

        if (n < 0 && (errno == EAGAIN || errno == EINTR))
                return 1;
        if (n <= 0) {
                connection_close(c);
                return 0;
        }
        r = take_bytes(c, data, (size_t) n);
        return r < 0 ? r : 1;
}

static int on_readable(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
        Connection *c = userdata;
        PodOutput *o = c->output;
        int r = connection_read(c, MSG_DONTWAIT);

        for (int i = 0; i < 2 && r >= 0; i++)
                r = sink_flush(&o->sinks[i]);
        acknowledge(o);
        return MIN(r, 0);
}

/* For the socket we listen on, and for the app, a handler of it, its health check and the process that has just
 * ended. */
#define DESCRIPTORS_OF_AN_APP 5

/* Reuses the place of a connection that has ended, of which an app that is restarted for months leaves many; or else
 * adds one. */
static Connection *free_connection(PodOutput *o)
{
        Connection **grown, *c;

        for (size_t i = 0; i < o->n_connections; i++)
                if (!o->connections[i]->listener)
                        return o->connections[i];
        grown = reallocarray(o->connections, o->n_connections + 1, sizeof(Connection *));
        if (!grown)
                return NULL;
        o->connections = grown;
        c = new0(Connection, 1);
        if (c)
                o->connections[o->n_connections++] = c;
        return c;
}

/* 0: nothing else has connected. */
static int add_connection(Listener *l, Connection **ret)
{
        Connection *c = free_connection(l->output);
        int fd = !c || l->fd < 0 ? -EBADF : accept4(l->fd, NULL, NULL, SOCK_CLOEXEC);

        if (!c)
                return -ENOMEM;
        if (fd < 0)
                return l->fd < 0 || errno == EAGAIN ? 0 : -errno;
        *c = (Connection) { .output = l->output, .listener = l, .fd = fd };
        *ret = c;
        return 1;
}

/* The same result. */
static int follow_connection(Listener *l)
{
        Connection *c;
        int r = add_connection(l, &c), q;

        if (r <= 0)
                return r;
        q = sd_event_add_io(c->output->event, &c->readable, c->fd, EPOLLIN, on_readable, c);
        return q < 0 ? q : r;
}

static int on_incoming(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
        return MIN(follow_connection(userdata), 0);
}

/* fd becomes ours also if this fails. */
static int add_listener(PodOutput *o, const char *app, int fd)
{
        Listener **grown = reallocarray(o->listeners, o->n_listeners + 1, sizeof(Listener *)),
                 *l = grown ? new0(Listener, 1) : NULL;

        if (grown)
                o->listeners = grown;
        if (!l) {
                safe_close(fd);
                return -ENOMEM;
        }
        *l = (Listener) { .output = o, .app = strdup(app), .fd = fd };
        o->listeners[o->n_listeners++] = l;
        return l->app ? sd_event_add_io(o->event, &l->incoming, fd, EPOLLIN, on_incoming, l) : -ENOMEM;
}

static int listen_for(PodOutput *o, size_t i, const char *app, int directory)
{
        char name[24];
        int fd;

        (void) snprintf(name, sizeof(name), "%zu", i);
        fd = unix_listen_at(directory, name, SOCK_STREAM | SOCK_NONBLOCK);
        return fd < 0 ? fd : add_listener(o, app, fd);
}

/* Apps that come later */

/* All that it has written has been sent by now. */
static void remove_listener(PodOutput *o, const char *app)
{
        Listener *l = NULL;

        for (size_t i = 0; i < o->n_listeners && !l; i++)
                if (o->listeners[i]->fd >= 0 && streq(o->listeners[i]->app, app))
                        l = o->listeners[i];
        if (!l)
                return;
        while (follow_connection(l) > 0)
                ;
        l->incoming = sd_event_source_disable_unref(l->incoming);
        l->fd = safe_close(l->fd);
        drop_listener(o, l);
}

/* 0: there are no more for now. */
static int take_announcement(PodOutput *o)
{
        _cleanup_free_ char *app = NULL;
        int fd, r = late_output_receive(o->control, &app, &fd);

        if (r < 0)
                return r == -EAGAIN ? 0 : r;
        if (fd < 0)
                remove_listener(o, app);
        else {
                (void) fd_make_room(o->n_listeners * DESCRIPTORS_OF_AN_APP);
                r = add_listener(o, app, fd);
        }
        return r < 0 ? r : 1;
}

static int on_announced(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
        return MIN(take_announcement(userdata), 0);
}

static int listen_for_announcements(PodOutput *o, int directory)
{
        o->control = late_output_listen(directory);
        return o->control < 0
                       ? o->control
                       : sd_event_add_io(o->event, &o->announced, o->control, EPOLLIN, on_announced, o);
}

/* Where somebody is attached from the start, the terminal is that of one app. */
static bool has_late_apps(const Pod *pod)
{
        return appc_pod_is_mutable(pod->manifest) && !plan_app_is_attached(pod->settings);
}

int pod_output_new(sd_event *event, const Pod *pod, PodOutput **ret)
{
        _cleanup_(pod_output_freep) PodOutput *o = new0(PodOutput, 1);
        _cleanup_close_ int directory = mkdir_open_at(pod->fd, POD_OUTPUT_DIR, 0700);
        size_t n = pod->manifest->n_apps;
        int r;

        if (!o)
                return -ENOMEM;
        o->control = -EBADF;
        if (directory < 0)
                return directory;
        r = fd_make_room(n * DESCRIPTORS_OF_AN_APP);
        if (r < 0)
                return r;
        o->event = sd_event_ref(event);
        o->prefixed = n > 1 || has_late_apps(pod);
        for (int i = 0; i < 2; i++)
                o->sinks[i] = (Sink) { .output = o, .fd = i == 0 ? STDOUT_FILENO : STDERR_FILENO };
        for (size_t i = 0; i < n; i++) {
                r = listen_for(o, i, pod->manifest->apps[i].name, directory);
                if (r < 0)
                        return r;
        }
        r = has_late_apps(pod) ? listen_for_announcements(o, directory) : 0;
        if (r < 0)
                return r;
        *ret = TAKE_PTR(o);
        return 0;
}

PodOutput *pod_output_free(PodOutput *o)
{
        if (!o)
                return NULL;

        for (size_t i = 0; i < o->n_connections; i++)
                connection_close(o->connections[i]);
        while (o->n_connections > 0)
                free(o->connections[--o->n_connections]);
        while (o->n_listeners > 0)
                listener_free(o->listeners[--o->n_listeners]);
        sd_event_source_disable_unref(o->announced);
        safe_close(o->control);
        for (int i = 0; i < 2; i++) {
                sd_event_source_disable_unref(o->sinks[i].writable);
                free(o->sinks[i].waiting.data);
        }
        free(o->connections);
        free(o->listeners);
        sd_event_unref(o->event);
        return mfree(o);
}

/* Nothing is left in the pod that could write or connect, so this comes to an end. Goes on after errors; returns the
 * first. */
static int read_the_rest(PodOutput *o)
{
        int r, first = 0;

        do
                r = o->control < 0 ? 0 : take_announcement(o);
        while (r > 0);
        first = r;
        for (size_t i = 0; i < o->n_listeners; i++) {
                Connection *ignored;

                do
                        r = add_connection(o->listeners[i], &ignored);
                while (r > 0);
                first = first ?: r;
        }
        for (size_t i = 0; i < o->n_connections; i++) {
                do
                        r = o->connections[i]->fd < 0 ? 0 : connection_read(o->connections[i], 0);
                while (r > 0);
                first = first ?: r;
        }
        return first;
}

int pod_output_finish(PodOutput *o)
{
        int r = read_the_rest(o);

        for (int i = 0; i < 2; i++) {
                (void) sink_write(&o->sinks[i], true);
                if (r >= 0 && o->sinks[i].error < 0 && o->sinks[i].error != -EPIPE)
                        r = o->sinks[i].error;
        }
        return r;
}
