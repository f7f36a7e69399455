/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Writes the log file of an app, on the host:
 *
 *   podctl-log-file POD:APP      the directory is LOG_FILE_DIRECTORY/POD/APP (log-file.h)
 *
 * It is there before the app starts, and lasts until the app leaves the pod, or the pod ends. Processes that relay the
 * app's output connect (inside/app-log-file.h). What goes wrong with the file costs lines, never the app: this process
 * goes on reading, and says so in the journal once.
 *
 * If it is killed, systemd starts it again with its sockets and connections, which it keeps there (sd_notify(3),
 * FDSTORE=1), and the app has not noticed anything. Asked to end, it waits for those who are connected. */

#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "basic/fd.h"
#include "basic/fs.h"
#include "basic/log.h"
#include "basic/parse.h"
#include "basic/string-util.h"
#include "basic/strv.h"
#include "basic/time-util.h"
#include "basic/unix-socket.h"
#include "logs/log-file.h"
#include "logs/log-lines.h"

/* Each start of the app has one, and what is left of earlier ones as long as it lives. */
#define CLIENTS_MAX 16
#define CLIENT "client" /* the first part of the names of connections, among the descriptors that systemd keeps */

typedef struct Server {
        char *path;
        int file; /* negative: it cannot be opened */
        int signals, listener, control;
        int clients[CLIENTS_MAX];
        uint64_t n_lost; /* lines, since the journal was told last that the file can be written */
        bool told;       /* that it cannot */
        uint64_t warned; /* when that was (now_monotonic_usec()) */
        bool stopping, ends;
} Server;

/* What systemd keeps */

static void keep(const char *name, int fd)
{
        _cleanup_free_ char *state = strprintf("FDSTORE=1\nFDNAME=%s", name);

        if (state)
                (void) sd_pid_notify_with_fds(0, false, state, &fd, 1);
}

static char *client_name(size_t i)
{
        return strprintf(CLIENT "%zu", i);
}

static void keep_client(size_t i, int fd)
{
        _cleanup_free_ char *name = client_name(i);

        if (name)
                keep(name, fd);
}

static void forget(const char *name)
{
        (void) sd_notifyf(false, "FDSTOREREMOVE=1\nFDNAME=%s", name);
}

static void drop_client(Server *s, size_t i)
{
        _cleanup_free_ char *name = client_name(i);

        if (name)
                forget(name);
        s->clients[i] = safe_close(s->clients[i]);
}

/* There may soon be another app of the same name. */
static void forget_all(Server *s)
{
        forget(LOG_FILE_OUTPUT);
        forget(LOG_FILE_CONTROL);
        for (size_t i = 0; i < CLIENTS_MAX; i++)
                if (s->clients[i] >= 0)
                        drop_client(s, i);
}

static void take_kept_one(Server *s, const char *name, int fd)
{
        uint32_t i;

        if (streq(name, LOG_FILE_OUTPUT))
                s->listener = fd;
        else if (streq(name, LOG_FILE_CONTROL))
                s->control = fd;
        else if (startswith(name, CLIENT) && parse_uint32(startswith(name, CLIENT), &i) >= 0 && i < CLIENTS_MAX)
                s->clients[i] = fd;
        else
                (void) close(fd);
}

static void take_kept(Server *s)
{
        _cleanup_strv_free_ char **names = NULL;
        int n = sd_listen_fds_with_names(true, &names);

        for (int i = 0; i < n; i++)
                take_kept_one(s, names[i], SD_LISTEN_FDS_START + i);
}

/* The file */

static int reopen(Server *s)
{
        int fd = log_file_open(s->path);

        if (fd < 0)
                return fd;
        safe_close(s->file);
        s->file = fd;
        return 0;
}

/* On a disk that is all but full, short lines find room when long ones do not. */
#define WARNING_USEC (60 * USEC_PER_SEC)

static void note_lost(Server *s, const char *text, size_t n, int error)
{
        const uint64_t now = now_monotonic_usec();

        if (!s->told && (s->warned == 0 || now - s->warned > WARNING_USEC)) {
                (void) log_warning_errno(error, "Cannot write the log file %s: %m; lines of the app are missing in it "
                                         "from here on, but not in its journals", s->path);
                s->told = true;
                s->warned = now;
        }
        for (size_t i = 0; i < n; i++)
                s->n_lost += text[i] == '\n';
}

static void note_written(Server *s)
{
        if (!s->told)
                return;
        log_notice("The log file %s can be written again; %" PRIu64 " lines are not in it", s->path, s->n_lost);
        s->told = false;
        s->n_lost = 0;
}

static void write_packet(Server *s, const LogFilePacket *packet, size_t n)
{
        _cleanup_free_ char *text = NULL;
        struct timespec now;
        size_t size = 0, written = 0;
        int r;

        (void) clock_gettime(CLOCK_REALTIME, &now);
        r = log_lines_format(&now, packet, n, &text, &size);
        if (r >= 0 && s->file < 0)
                r = reopen(s);
        if (r >= 0)
                r = log_file_append(s->file, text, size, &written);
        if (r < 0)
                note_lost(s, text + written, size - written, r);
        else
                note_written(s);
}

/* Clients */

static void accept_client(Server *s)
{
        _cleanup_close_ int fd = accept4(s->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

        for (size_t i = 0; fd >= 0 && i < CLIENTS_MAX; i++)
                if (s->clients[i] < 0) {
                        keep_client(i, fd);
                        s->clients[i] = TAKE_FD(fd);
                        return;
                }
}

/* Returns whether there was something. */
static bool hear_client(Server *s, size_t i)
{
        static LogFilePacket packet;
        ssize_t n = recv(s->clients[i], &packet, sizeof(packet), 0);

        if (n < 0 && (errno == EAGAIN || errno == EINTR))
                return false;
        if (n <= 0) {
                drop_client(s, i);
                return false;
        }
        if (n > (ssize_t) offsetof(LogFilePacket, text))
                write_packet(s, &packet, (size_t) n - offsetof(LogFilePacket, text));
        return true;
}

static bool has_clients(const Server *s)
{
        for (size_t i = 0; i < CLIENTS_MAX; i++)
                if (s->clients[i] >= 0)
                        return true;
        return false;
}

/* Requests */

/* More than a socket can hold: what comes after it would not end, if root of the pod so wanted. */
#define PACKETS_MAX 1024U

static void hear_all(Server *s)
{
        for (size_t i = 0; i < CLIENTS_MAX; i++)
                for (size_t k = 0; k < PACKETS_MAX && s->clients[i] >= 0 && hear_client(s, i); k++)
                        ;
}

static int carry_out(Server *s, char request)
{
        switch (request) {
        case LOG_FILE_REOPEN:
                return reopen(s);
        case LOG_FILE_END:
                hear_all(s);
                forget_all(s);
                s->ends = true;
                return 0;
        default:
                return -EINVAL;
        }
}

static void take_request(Server *s)
{
        static const struct timeval limit = { .tv_sec = 1 };
        _cleanup_close_ int fd = accept4(s->control, NULL, NULL, SOCK_CLOEXEC);
        char request;
        int answer;

        if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) < 0 ||
            recv(fd, &request, 1, 0) != 1)
                return;
        answer = carry_out(s, request);
        (void) send(fd, &answer, sizeof(answer), MSG_NOSIGNAL);
}

static void take_signal(Server *s)
{
        struct signalfd_siginfo si;

        if (read(s->signals, &si, sizeof(si)) == sizeof(si))
                s->stopping = true;
}

/* The loop */

enum { AT_SIGNAL, AT_CONTROL, AT_LISTENER, AT_CLIENTS, AT_MAX = AT_CLIENTS + CLIENTS_MAX };

static struct pollfd ask(int fd)
{
        return (struct pollfd) { .fd = fd, .events = POLLIN };
}

static void prepare(const Server *s, struct pollfd polls[static AT_MAX])
{
        polls[AT_SIGNAL] = ask(s->stopping ? -1 : s->signals);
        polls[AT_CONTROL] = ask(s->control);
        polls[AT_LISTENER] = ask(s->listener);
        for (size_t i = 0; i < CLIENTS_MAX; i++)
                polls[AT_CLIENTS + i] = ask(s->clients[i]);
}

static void go_on(Server *s, const struct pollfd polls[static AT_MAX])
{
        for (size_t i = 0; i < CLIENTS_MAX; i++)
                if (polls[AT_CLIENTS + i].revents)
                        (void) hear_client(s, i);
        if (polls[AT_CONTROL].revents)
                take_request(s);
        if (polls[AT_LISTENER].revents)
                accept_client(s);
        if (polls[AT_SIGNAL].revents)
                take_signal(s);
}

static int serve(Server *s)
{
        struct pollfd polls[AT_MAX];

        while (!s->ends && (!s->stopping || has_clients(s))) {
                prepare(s, polls);
                if (poll(polls, AT_MAX, -1) < 0) {
                        if (errno == EINTR)
                                continue;
                        return -errno;
                }
                go_on(s, polls);
        }
        return 0;
}

static int listen_at(int dir_fd, const char *name, mode_t mode, int *fd)
{
        if (*fd >= 0)
                return 0;
        *fd = unix_listen_at(dir_fd, name, SOCK_SEQPACKET | SOCK_NONBLOCK);
        if (*fd < 0)
                return *fd;
        if (fchmodat(dir_fd, name, mode, 0) < 0)
                return -errno;
        keep(name, *fd);
        return 0;
}

/* Root of a pod is nobody outside: what it may connect to, everybody may. Who is not in the pod does not get into our
 * directory. */
static int open_sockets(Server *s, int dir_fd)
{
        int r = listen_at(dir_fd, LOG_FILE_OUTPUT, 0666, &s->listener);

        return r < 0 ? r : listen_at(dir_fd, LOG_FILE_CONTROL, 0600, &s->control);
}

static int open_server(Server *s, const char *instance)
{
        _cleanup_free_ char *directory = strjoin(LOG_FILE_DIRECTORY "/", instance);
        _cleanup_close_ int dir_fd = -EBADF;
        char path[PATH_MAX];
        sigset_t set;
        ssize_t n;

        if (!directory)
                return -ENOMEM;
        directory[strcspn(directory, ":")] = '/';
        dir_fd = open_directory_at(AT_FDCWD, directory);
        n = dir_fd < 0 ? -1 : readlinkat(dir_fd, LOG_FILE_PATH, path, sizeof(path));
        s->path = n < 0 ? NULL : strndup(path, (size_t) n);
        if (!s->path)
                return dir_fd < 0 ? dir_fd : -errno;
        (void) sigemptyset(&set);
        (void) sigaddset(&set, SIGTERM);
        if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
                return -errno;
        s->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
        take_kept(s);
        return s->signals < 0 ? -errno : open_sockets(s, dir_fd);
}

int main(int argc, char *argv[])
{
        Server server = { .file = -EBADF, .signals = -EBADF, .listener = -EBADF, .control = -EBADF };
        int r;

        log_setup("podctl-log-file");
        for (size_t i = 0; i < CLIENTS_MAX; i++)
                server.clients[i] = -EBADF;
        if (argc != 2 || !strchr(argv[1], ':')) {
                log_error("Usage: podctl-log-file POD:APP");
                return EXIT_FAILURE;
        }
        r = open_server(&server, argv[1]);
        if (r < 0) {
                (void) log_error_errno(r, "Cannot serve the log file of '%s': %m", argv[1]);
                return EXIT_FAILURE;
        }
        r = reopen(&server);
        if (r < 0)
                note_lost(&server, NULL, 0, r);
        (void) sd_notify(false, "READY=1");
        r = serve(&server);
        if (r < 0)
                (void) log_error_errno(r, "Cannot wait for the output of '%s': %m", argv[1]);
        return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
