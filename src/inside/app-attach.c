/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Runs inside a pod, as root there, beside an app whose standard input or output is a terminal or streams, and has the
 * other ends of these:
 *
 *   app-attach APP INPUT OUTPUT ERROR      with words of app-stdio.h
 *
 * It is there before the app starts, and lasts as long as anything of the app's unit does, through its restarts. When
 * the app starts, its launcher gets its ends here (app-stdio.h). Clients come and go (attach-protocol.h). All that the
 * app writes also goes to the process that relays it to the journal (app-relay.h), at whose pace the app writes; when
 * the app has ended, that process ends once all of it is there, and the app's unit after it.
 *
 * If this process is killed, PID 1 of the pod starts it again with the descriptors that it had (attach-keep.h), and the
 * app has not noticed anything. Clients are cut off. */

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "inside/app-fds.h"
#include "inside/attach-clients.h"
#include "inside/attach-keep.h"
#include "inside/launch-places.h"

typedef struct Server {
        int signals, listener, launcher_listener;
        int launcher; /* an app that starts, or negative */
        bool stopping;
        AttachStreams streams;
        AttachClients clients;
} Server;

/* The app's own directory is the working directory: its path may be longer than an address can be. */
static struct sockaddr_un address_of(const char *name)
{
        struct sockaddr_un address = { .sun_family = AF_UNIX };

        (void) snprintf(address.sun_path, sizeof(address.sun_path), "%s", name);
        return address;
}

static int listen_at(const char *name)
{
        struct sockaddr_un address = address_of(name);
        int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

        (void) unlink(name);
        if (fd < 0 || bind(fd, (struct sockaddr *) &address, sizeof(address)) < 0 || listen(fd, 16) < 0)
                return -1;
        return fd;
}

static int connect_at(const char *name)
{
        struct sockaddr_un address = address_of(name);
        int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

        if (fd >= 0 && connect(fd, (struct sockaddr *) &address, sizeof(address)) < 0) {
                (void) close(fd);
                return -1;
        }
        return fd;
}

/* The launcher of an app that starts waits for its ends until the client that waits for the app is there, so that this
 * one misses nothing, and the terminal has its size. */
static bool may_start(Server *s)
{
        const AttachClient *awaited = attach_clients_awaited(&s->clients);

        return !awaited || awaited->chosen != 0;
}

static void start_app(Server *s)
{
        StdioRequest request;
        int fds[APP_FDS_MAX], ends[3], n;

        if (app_fds_receive(s->launcher, &request, sizeof(request), fds)) {
                n = attach_streams_open(&s->streams, &request, fds, ends);
                if (n < 0)
                        perror("Cannot make the terminal or streams of the app");
                else {
                        (void) app_fds_send(s->launcher, "", 1, ends, (size_t) n);
                        attach_streams_close_ends(ends, n);
                }
        }
        (void) close(s->launcher);
        s->launcher = -1;
}

static void accept_client(Server *s)
{
        int fd = accept4(s->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

        if (fd >= 0)
                attach_clients_add(&s->clients, fd, false, attach_streams_channels(&s->streams));
}

static void accept_launcher(Server *s)
{
        int fd = accept4(s->launcher_listener, NULL, NULL, SOCK_CLOEXEC);

        if (fd < 0)
                return;
        if (s->launcher >= 0)
                (void) close(s->launcher);
        s->launcher = fd;
}

static void take_signal(Server *s)
{
        struct signalfd_siginfo si;

        if (read(s->signals, &si, sizeof(si)) == sizeof(si))
                s->stopping = true;
}

/* What is asked for in each round, in this order; clients are behind. */
enum { AT_SIGNAL, AT_LISTENER, AT_LAUNCHER_LISTENER, AT_LAUNCHER, AT_INPUT, AT_SOURCES, AT_LOGS = AT_SOURCES + 2,
       AT_AWAITED = AT_LOGS + 2, AT_CLIENTS, AT_MAX = AT_CLIENTS + ATTACH_CLIENTS_MAX };

static struct pollfd ask(int fd, short events)
{
        return (struct pollfd) { .fd = fd, .events = events };
}

static struct pollfd ask_if(bool wanted, int fd, short events)
{
        return ask(wanted ? fd : -1, events);
}

/* One whose input waits for the app is left alone until the app takes it. What a client has sent that goes meanwhile
 * counts as long as nothing else is to be told to it. */
static bool wants_to_hear(const AttachStreams *s, const AttachClient *client)
{
        return !client->holds || attach_streams_take_input(s);
}

static struct pollfd ask_client(const AttachStreams *s, const AttachClient *client)
{
        const short events = (wants_to_hear(s, client) ? POLLIN : 0) | (client->lost > 0 ? POLLOUT : 0);

        return ask_if(events != 0, client->fd, events);
}

static void prepare(Server *s, struct pollfd polls[static AT_MAX])
{
        AttachStreams *streams = &s->streams;
        const AttachClient *awaited = attach_clients_awaited(&s->clients);
        /* Once the app is to be gone, everything is sent, however slow the client is. */
        bool ready = s->stopping || !awaited || attach_client_is_ready(awaited);

        polls[AT_SIGNAL] = ask_if(!s->stopping, s->signals, POLLIN);
        polls[AT_LISTENER] = ask(s->listener, POLLIN);
        polls[AT_LAUNCHER_LISTENER] = ask(s->launcher_listener, POLLIN);
        polls[AT_LAUNCHER] = ask_if(may_start(s), s->launcher, POLLIN);
        polls[AT_INPUT] = ask_if(streams->n_typed > 0, streams->input, POLLOUT);
        polls[AT_AWAITED] = ask_if(!ready && awaited && awaited->chosen, awaited ? awaited->fd : -1, POLLOUT);
        for (int i = 0; i < _ATTACH_SOURCE_MAX; i++) {
                const AttachSource *source = &streams->sources[i];

                polls[AT_SOURCES + i] = ask_if(ready && source->n_held == 0, source->fd, POLLIN);
                polls[AT_LOGS + i] = ask_if(source->n_held > 0, source->log, POLLOUT);
        }
        for (size_t i = 0; i < ATTACH_CLIENTS_MAX; i++)
                polls[AT_CLIENTS + i] = ask_client(streams, &s->clients.items[i]);
}

static void read_source(Server *s, int i)
{
        static uint8_t data[ATTACH_DATA_MAX];
        size_t n = attach_source_read(&s->streams, i, data);

        if (n > 0)
                attach_clients_send(&s->clients, i, data, n);
}

/* Clients last: what they say may change what the others were asked for. */
static void go_on(Server *s, const struct pollfd polls[static AT_MAX])
{
        if (polls[AT_SIGNAL].revents)
                take_signal(s);
        if (polls[AT_INPUT].revents)
                attach_streams_feed(&s->streams);
        for (int i = 0; i < _ATTACH_SOURCE_MAX; i++) {
                if (polls[AT_LOGS + i].revents)
                        attach_source_log(&s->streams, i);
                if (polls[AT_SOURCES + i].revents)
                        read_source(s, i);
        }
        /* The app cannot wait for it any more. */
        if (polls[AT_AWAITED].revents & (POLLHUP | POLLERR))
                attach_client_drop(attach_clients_awaited(&s->clients));
        for (size_t i = 0; i < ATTACH_CLIENTS_MAX; i++) {
                AttachClient *client = &s->clients.items[i];

                if (!polls[AT_CLIENTS + i].revents || client->fd != polls[AT_CLIENTS + i].fd)
                        continue;
                if (polls[AT_CLIENTS + i].revents & POLLOUT)
                        (void) attach_client_tell_lost(client);
                if (wants_to_hear(&s->streams, client))
                        attach_client_hear(client, &s->streams);
                else if (polls[AT_CLIENTS + i].revents & (POLLHUP | POLLERR))
                        attach_client_drop(client);
        }
        if (polls[AT_LAUNCHER].revents)
                start_app(s);
        if (polls[AT_LAUNCHER_LISTENER].revents)
                accept_launcher(s);
        if (polls[AT_LISTENER].revents)
                accept_client(s);
}

/* All of the app's processes have ended, and the relay has, when PID 1 asks this one to end; see StopWhenUnneeded=. */
static bool is_done(const Server *s)
{
        bool done = s->stopping;

        for (int i = 0; i < _ATTACH_SOURCE_MAX; i++)
                done = done && s->streams.sources[i].fd < 0;
        return done;
}

static int serve(Server *s)
{
        struct pollfd polls[AT_MAX];

        while (!is_done(s)) {
                prepare(s, polls);
                if (poll(polls, AT_MAX, -1) < 0) {
                        if (errno == EINTR)
                                continue;
                        return -1;
                }
                go_on(s, polls);
        }
        return 0;
}

static int open_server(Server *s, const char *app)
{
        char directory[sizeof(LAUNCH_DIRECTORY) + 256];
        sigset_t set;
        int fd;

        (void) snprintf(directory, sizeof(directory), LAUNCH_DIRECTORY "/%s", app);
        (void) sigemptyset(&set);
        (void) sigaddset(&set, SIGTERM);
        if (chdir(directory) < 0 || sigprocmask(SIG_BLOCK, &set, NULL) < 0)
                return -1;
        (void) signal(SIGPIPE, SIG_IGN);
        s->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
        s->launcher = -1;
        s->launcher_listener = listen_at(LAUNCH_STDIO);
        s->listener = listen_at(LAUNCH_ATTACH);
        if (s->signals < 0 || s->launcher_listener < 0 || s->listener < 0)
                return -1;
        attach_clients_init(&s->clients);
        fd = connect_at(LAUNCH_ATTACHED);
        if (fd >= 0)
                attach_clients_add(&s->clients, fd, true, attach_streams_channels(&s->streams));
        return 0;
}

int main(int argc, char *argv[])
{
        static Server server;
        StdioKind kinds[3];

        if (argc != 5)
                return EXIT_FAILURE;
        for (int i = 0; i < 3; i++)
                if (!stdio_kind_read(argv[2 + i], strlen(argv[2 + i]), &kinds[i]))
                        return EXIT_FAILURE;
        attach_streams_init(&server.streams, kinds);
        if (open_server(&server, argv[1]) < 0) {
                perror("Cannot serve the terminal or streams of the app");
                return EXIT_FAILURE;
        }
        attach_ready();
        return serve(&server) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
