/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "basic/fs.h"
#include "basic/log.h"
#include "basic/parse.h"
#include "streaming/stream-handshake.h"
#include "streaming/stream-server.h"
#include "streaming/stream-session.h"

/* In the directory: the port, in decimal digits. */
#define PORT_FILE "port"
#define BACKLOG 64
#define CLIENTS_MAX 256U
#define FD_CLIENT 3
#define FD_DIRECTORY 4

struct StreamServer {
        sd_event *event;
        int directory_fd;
        sd_event_source *io;
        unsigned n_clients;
};

/* The process of a client */

static int serve(int directory_fd, int fd)
{
        _cleanup_(stream_handshake_done) StreamHandshake h = { .directory_fd = directory_fd };
        int r = stream_handshake_run(&h, fd);

        if (r < 0 || h.fd < 0)
                return r;
        return h.request.work == STREAM_PORT_FORWARD
                       ? stream_forward_run(TAKE_FD(h.fd), h.protocol, &h.request, h.early, h.n_early)
                       : stream_command_run(TAKE_FD(h.fd), h.protocol, &h.request, h.early, h.n_early);
}

/* It waits for children by SIGCHLD, on a loop of its own. */
static int become_client(int directory_fd, int *fd)
{
        sigset_t signals;

        (void) sigemptyset(&signals);
        (void) sigaddset(&signals, SIGCHLD);
        (void) sigprocmask(SIG_SETMASK, &signals, NULL);
        (void) signal(SIGPIPE, SIG_IGN);
        *fd = fcntl(*fd, F_DUPFD_CLOEXEC, FD_DIRECTORY + 1);
        directory_fd = fcntl(directory_fd, F_DUPFD_CLOEXEC, FD_DIRECTORY + 1);
        if (*fd < 0 || directory_fd < 0 || dup3(*fd, FD_CLIENT, O_CLOEXEC) < 0 ||
            dup3(directory_fd, FD_DIRECTORY, O_CLOEXEC) < 0 || close_range(FD_DIRECTORY + 1, UINT_MAX, 0) < 0)
                return -errno;
        return 0;
}

static _noreturn_ void be_client(int directory_fd, int fd)
{
        int r = become_client(directory_fd, &fd);

        if (r >= 0)
                r = serve(FD_DIRECTORY, FD_CLIENT);
        if (r < 0)
                log_debug_errno(r, "a client of the streams: %m");
        _exit(r < 0);
}

/* The server */

static int on_client_end(sd_event_source *source, const siginfo_t *info, void *userdata)
{
        StreamServer *s = userdata;

        s->n_clients--;
        (void) sd_event_source_unref(source);
        return 0;
}

static void add_client(StreamServer *s, int fd)
{
        sd_event_source *source;
        pid_t pid = s->n_clients < CLIENTS_MAX ? fork() : -1;

        if (pid == 0)
                be_client(s->directory_fd, fd);
        if (pid < 0)
                return;
        if (sd_event_add_child(s->event, &source, pid, WEXITED, on_client_end, s) < 0)
                (void) kill(pid, SIGTERM);
        else
                s->n_clients++;
}

static int on_connection(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
        _cleanup_close_ int client = accept4(fd, NULL, NULL, SOCK_CLOEXEC);

        if (client < 0)
                return 0;
        (void) setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &(int) { 1 }, sizeof(int));
        add_client(userdata, client);
        return 0;
}

static int listen_on(uint16_t port, uint16_t *ret_port)
{
        struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(port),
                                       .sin_addr = { htonl(INADDR_LOOPBACK) } };
        _cleanup_close_ int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

        if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int) { 1 }, sizeof(int)) < 0 ||
            bind(fd, (struct sockaddr *) &address, sizeof(address)) < 0 || listen(fd, BACKLOG) < 0 ||
            getsockname(fd, (struct sockaddr *) &address, &(socklen_t) { sizeof(address) }) < 0)
                return -errno;
        *ret_port = ntohs(address.sin_port);
        return TAKE_FD(fd);
}

/* 0: none is known. */
static uint16_t read_port(int directory_fd)
{
        _cleanup_free_ char *text = NULL;
        uint64_t port;

        if (read_file_at(directory_fd, PORT_FILE, 16, &text, NULL) < 0 || parse_uint64(text, &port) < 0 ||
            port > UINT16_MAX)
                return 0;
        return (uint16_t) port;
}

static int write_port(int directory_fd, uint16_t port)
{
        char text[16];
        int n = snprintf(text, sizeof(text), "%u", port);

        return write_file_at(directory_fd, PORT_FILE, text, (size_t) n, 0600);
}

static int start_listening(StreamServer *s)
{
        uint16_t port = read_port(s->directory_fd);
        int fd = port > 0 ? listen_on(port, &port) : -ENOENT, r;

        if (fd < 0)
                fd = listen_on(0, &port);
        if (fd < 0)
                return fd;
        r = write_port(s->directory_fd, port);
        if (r >= 0)
                r = sd_event_add_io(s->event, &s->io, fd, EPOLLIN, on_connection, s);
        if (r < 0)
                safe_close(fd);
        else
                (void) sd_event_source_set_io_fd_own(s->io, true);
        return r;
}

int stream_server_new(sd_event *event, const char *directory, StreamServer **ret)
{
        _cleanup_(stream_server_freep) StreamServer *s = new0(StreamServer, 1);
        int r;

        if (!s)
                return -ENOMEM;
        s->event = sd_event_ref(event);
        s->directory_fd = mkdir_open_at(AT_FDCWD, directory, 0700);
        if (s->directory_fd < 0)
                return s->directory_fd;
        r = start_listening(s);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(s);
        return 0;
}

StreamServer *stream_server_free(StreamServer *s)
{
        if (!s)
                return NULL;
        sd_event_source_disable_unref(s->io);
        sd_event_unref(s->event);
        safe_close(s->directory_fd);
        return mfree(s);
}

bool stream_server_is_busy(const StreamServer *s)
{
        return s->n_clients > 0 || stream_is_offered(s->directory_fd);
}

int stream_server_offer(const char *directory, const StreamRequest *request, char **ret_url)
{
        _cleanup_close_ int directory_fd = open_directory_at(AT_FDCWD, directory);
        char token[STREAM_TOKEN_LENGTH + 1];
        uint16_t port;
        int r;

        if (directory_fd < 0)
                return directory_fd;
        port = read_port(directory_fd);
        if (port == 0)
                return -ENOENT;
        r = stream_offer(directory_fd, request, token);
        if (r < 0)
                return r;
        *ret_url = strprintf("http://127.0.0.1:%u/%s/%s", port, stream_work_to_string(request->work), token);
        return *ret_url ? 0 : -ENOMEM;
}
