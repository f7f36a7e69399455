/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "basic/fs.h"
#include "basic/lock.h"
#include "basic/string-util.h"
#include "basic/time-util.h"
#include "basic/unix-socket.h"
#include "image/transport/credential-answer.h"
#include "image/transport/credential-helper.h"
#include "shared/explain.h"
#include "unit/unit-job.h"

bool credential_helper_name_is_valid(const char *name)
{
        return !isempty(name) && strlen(name) <= HELPER_NAME_MAX && !strchr("-_.", name[0]) &&
               string_in_charset(name, LOWERCASE UPPERCASE DIGITS "-_.");
}

/* Finding the program */

/* None of them is writable for anybody but root on an ordinary host; what is in them is checked all the same. */
static const char *const directories[] = { "/usr/local/libexec/podctl", "/usr/local/bin", "/usr/bin" };

static bool is_roots(const struct stat *st)
{
        return st->st_uid == 0 && !(st->st_mode & (S_IWGRP | S_IWOTH));
}

/* 0: it is not there. */
static int look_at(const char *directory, const char *path, char **reterr_message)
{
        struct stat st, directory_st;

        if (stat(path, &st) < 0)
                return errno == ENOENT || errno == ENOTDIR ? 0 : explain_context(reterr_message, errno, "%s", path);
        if (!S_ISREG(st.st_mode) || !(st.st_mode & S_IXOTH))
                return explain(reterr_message, EPERM, "%s is not a program that all users may run; chmod 755 %s", path,
                               path);
        if (!is_roots(&st))
                return explain(reterr_message, EPERM,
                               "%s may be changed by others than root; chown root: and chmod 755 it", path);
        if (stat(directory, &directory_st) < 0 || !is_roots(&directory_st))
                return explain(reterr_message, EPERM,
                               "%s may be changed by others than root; move the helper to %s", directory,
                               directories[0]);
        return 1;
}

int credential_helper_find(const char *name, char **ret, char **reterr_message)
{
        for (size_t i = 0; i < ELEMENTSOF(directories); i++) {
                _cleanup_free_ char *path = strjoin(directories[i], "/docker-credential-", name);
                int r = path ? look_at(directories[i], path, reterr_message) : -ENOMEM;

                if (r < 0)
                        return r;
                if (r > 0) {
                        *ret = TAKE_PTR(path);
                        return 0;
                }
        }
        return explain(reterr_message, ENOENT,
                       "there is no docker-credential-%s in /usr/local/libexec/podctl, /usr/local/bin or /usr/bin; "
                       "install it there", name);
}

/* Asking: the service connects to a socket of ours, which is its standard input and output */

#define DIRECTORY "/run/podctl/credential-helper"
#define UNIT "podctl-credential-helper@"
/* The service ends sooner, unless the administrator gives it more time than anybody should wait. */
#define PATIENCE (120 * USEC_PER_SEC)

typedef struct Place {
        int dir_fd;
        int lock_fd;            /* one client at a time has the service */
        int socket_fd;
        char *lock, *socket;    /* names in the directory */
} Place;

static void place_done(Place *p)
{
        if (p->socket_fd >= 0)
                (void) unlinkat(p->dir_fd, p->socket, 0);
        if (p->lock_fd >= 0)
                (void) unlink_locked(p->lock_fd, p->dir_fd, p->lock);
        safe_close(p->socket_fd);
        safe_close(p->lock_fd);
        safe_close(p->dir_fd);
        free(p->lock);
        free(p->socket);
}

/* Whoever has the lock may take minutes, and flock(2) cannot wait for so long and no longer. */
static int take_place(const char *name, Place *p, char **reterr_message)
{
        Patience patience = { .step_usec = USEC_PER_SEC / 20, .left_usec = PATIENCE };

        p->dir_fd = mkdir_open_at(AT_FDCWD, DIRECTORY, 0700);
        if (p->dir_fd < 0)
                return explain_context(reterr_message, p->dir_fd, DIRECTORY);
        p->lock = strjoin(name, ".lock");
        p->socket = strjoin(name, ".sock");
        if (!p->lock || !p->socket)
                return -ENOMEM;
        p->lock_fd = lock_file_within(p->dir_fd, p->lock, LOCK_EX, &patience);
        if (p->lock_fd == -EAGAIN)
                return explain(reterr_message, EBUSY, "is busy with other registries");
        if (p->lock_fd < 0)
                return p->lock_fd;
        p->socket_fd = unix_listen_at(p->dir_fd, p->socket, SOCK_STREAM);
        return MIN(p->socket_fd, 0);
}

/* A service that still runs, for a client that has given up, is stopped. */
static int start_service(const char *name, char **reterr_message)
{
        _cleanup_free_ char *unit = strjoin(UNIT, name, ".service"), *result = NULL;
        _cleanup_bus_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_bus_ sd_bus *bus = NULL;
        int r;

        if (!unit)
                return -ENOMEM;
        r = sd_bus_open_system(&bus);
        if (r >= 0)
                r = unit_job_run(bus, "RestartUnit", unit, &result, &error);
        if (r < 0)
                return explain(reterr_message, r, "%s cannot be started: %s", unit, bus_error_text(&error, r));
        return streq(result, "done") ? 0 : explain(reterr_message, EKEYREJECTED, "%s cannot be started", unit);
}

/* The service has connected before it executed its program. */
static int accept_service(int socket_fd, char **reterr_message)
{
        int fd;

        if (poll(&(struct pollfd) { .fd = socket_fd, .events = POLLIN }, 1, 1000) <= 0)
                return explain(reterr_message, EKEYREJECTED, 
                               "its service has another StandardInput= or StandardOutput= than that of podctl");
        fd = accept4(socket_fd, NULL, NULL, SOCK_CLOEXEC);
        return fd < 0 ? -errno : fd;
}

/* Returns how much there was, at most size: the caller knows what is too much. */
static ssize_t receive(int fd, char *buffer, size_t size)
{
        uint64_t now, deadline = now_monotonic_usec() + PATIENCE;
        size_t n = 0;

        while (n < size) {
                ssize_t k = recv(fd, buffer + n, size - n, MSG_DONTWAIT);

                if (k == 0)
                        return (ssize_t) n;
                if (k > 0) {
                        n += (size_t) k;
                        continue;
                }
                if (errno != EAGAIN && errno != EINTR)
                        return -errno;
                now = now_monotonic_usec();
                if (now >= deadline)
                        return -ETIMEDOUT;
                (void) poll(&(struct pollfd) { .fd = fd, .events = POLLIN }, 1, (int) ((deadline - now) / 1000) + 1);
        }
        return (ssize_t) n;
}

static int talk(int fd, const char *server, Credential *ret, char **reterr_message)
{
        const size_t size = sizeof(HelperHeader) + HELPER_ANSWER_MAX;
        _cleanup_free_ char *answer = malloc(size);
        ssize_t n;
        int r;

        if (!answer)
                return -ENOMEM;
        /* A service that has ended already has left no answer. */
        r = unix_send(fd, server, strlen(server), NULL, 0);
        if (r < 0 && r != -EPIPE)
                return r;
        (void) shutdown(fd, SHUT_WR);
        n = receive(fd, answer, size);
        r = n < 0 && n != -ECONNRESET ? (int) n
                                      : credential_answer_parse(answer, (size_t) MAX(n, 0), ret, reterr_message);
        explicit_bzero(answer, size);
        return r;
}

/* What else it wrote is there. */
static int explain_journal(const char *name, int r, char **reterr_message)
{
        _cleanup_free_ char *message = TAKE_PTR(*reterr_message);

        return explain(reterr_message, r, "%s; journalctl -u " UNIT "%s", explained(message, r), name);
}

static int start_and_talk(const char *name, int socket_fd, const char *server, Credential *ret, char **reterr_message)
{
        _cleanup_close_ int fd = -EBADF;
        int r;

        r = start_service(name, reterr_message);
        if (r < 0)
                return r;
        fd = accept_service(socket_fd, reterr_message);
        return fd < 0 ? fd : talk(fd, server, ret, reterr_message);
}

static int ask(const char *name, const char *server, Credential *ret, char **reterr_message)
{
        _cleanup_(place_done) Place place = { .dir_fd = -EBADF, .lock_fd = -EBADF, .socket_fd = -EBADF };
        _cleanup_free_ char *path = NULL;
        int r;

        /* The service would find out, too, but cannot say it as well. */
        r = credential_helper_find(name, &path, reterr_message);
        if (r < 0)
                return r;
        if (isempty(server) || strlen(server) > HELPER_SERVER_MAX)
                return explain(reterr_message, EINVAL, "the name of the registry is empty, or too long for a helper");
        r = take_place(name, &place, reterr_message);
        if (r < 0)
                return r;
        r = start_and_talk(name, place.socket_fd, server, ret, reterr_message);
        return r < 0 ? explain_journal(name, r, reterr_message) : r;
}

int credential_helper_get(const char *name, const char *server, Credential *ret, char **reterr_message)
{
        _cleanup_free_ char *message = NULL;
        int r = ask(name, server, ret, &message);

        if (r >= 0)
                return r;
        /* Other errors mean something to those who fetch: that there is no such image, for example. */
        return explain(reterr_message, EPROTO, "credential helper '%s' for %s: %s", name, server,
                       explained(message, r));
}
