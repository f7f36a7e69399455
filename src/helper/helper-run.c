/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "basic/alloc.h"
#include "basic/fd.h"
#include "helper/helper-run.h"

extern char **environ;

void helper_result_done(HelperResult *r)
{
        if (r->output)
                explicit_bzero(r->output, r->size);
        free(r->output);
        *r = (HelperResult) {};
}

static int make_pipe(int *ret_read, int *ret_write)
{
        int fds[2];

        if (pipe2(fds, O_CLOEXEC) < 0)
                return -errno;
        *ret_read = fds[0];
        *ret_write = fds[1];
        return 0;
}

/* Returns what posix_spawn(3) does: a positive errno. */
static int spawn(const char *program, int in, int out, pid_t *ret)
{
        char *const argv[] = { (char *) program, (char *) "get", NULL };
        posix_spawn_file_actions_t actions;
        posix_spawnattr_t attributes;
        sigset_t defaults;
        int r;

        (void) sigemptyset(&defaults);
        (void) sigaddset(&defaults, SIGPIPE);
        if (posix_spawn_file_actions_init(&actions) != 0)
                return ENOMEM;
        if (posix_spawnattr_init(&attributes) != 0) {
                (void) posix_spawn_file_actions_destroy(&actions);
                return ENOMEM;
        }
        r = posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
        if (r == 0)
                r = posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
        if (r == 0)
                r = posix_spawnattr_setsigdefault(&attributes, &defaults);
        if (r == 0)
                r = posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
        if (r == 0)
                r = posix_spawn(ret, program, &actions, &attributes, argv, environ);
        (void) posix_spawn_file_actions_destroy(&actions);
        (void) posix_spawnattr_destroy(&attributes);
        return r;
}

/* Reads what there is. What its process has left running may hold the pipe open for ever, so the answer is complete
 * when the process has ended and the pipe is empty. */
static int read_until_end(int fd, int pidfd, char *buffer, size_t size, size_t *ret)
{
        size_t n = 0;

        while (n < size) {
                struct pollfd fds[] = { { .fd = fd, .events = POLLIN }, { .fd = pidfd, .events = POLLIN } };
                ssize_t k;

                if (poll(fds, 2, -1) < 0 && errno != EINTR)
                        return -errno;
                k = read(fd, buffer + n, size - n);
                if (k < 0 && errno != EAGAIN && errno != EINTR)
                        return -errno;
                if (k == 0 || (k < 0 && errno == EAGAIN && (fds[1].revents & POLLIN)))
                        break;
                n += (size_t) MAX(k, 0);
        }
        *ret = n;
        return 0;
}

/* One byte more than may come shows that it is too much. */
static int collect(int fd, pid_t pid, HelperResult *result)
{
        _cleanup_close_ int pidfd = (int) syscall(SYS_pidfd_open, pid, 0);

        if (pidfd < 0 || fcntl(fd, F_SETFL, O_NONBLOCK) < 0)
                return -errno;
        result->output = new0(char, HELPER_ANSWER_MAX + 1);
        if (!result->output)
                return -ENOMEM;
        return read_until_end(fd, pidfd, result->output, HELPER_ANSWER_MAX + 1, &result->size);
}

static int wait_for(pid_t pid, int *ret_status)
{
        while (waitpid(pid, ret_status, 0) < 0)
                if (errno != EINTR)
                        return -errno;
        return 0;
}

static int collect_and_wait(int fd, pid_t pid, HelperResult *result)
{
        int r = collect(fd, pid, result), status, k;

        if (r < 0 || result->size > HELPER_ANSWER_MAX)
                (void) kill(pid, SIGKILL);
        k = wait_for(pid, &status);
        if (r < 0 || k < 0)
                return r < 0 ? r : k;
        result->header.outcome = result->size > HELPER_ANSWER_MAX ? HELPER_FLOODED : HELPER_ENDED;
        result->header.status = status;
        if (result->header.outcome == HELPER_FLOODED)
                result->size = 0;
        return 0;
}

int helper_run(const char *program, const char *server, HelperResult *ret)
{
        _cleanup_close_ int in_read = -EBADF, in_write = -EBADF, out_read = -EBADF, out_write = -EBADF;
        _cleanup_(helper_result_done) HelperResult result = {};
        pid_t pid;
        int r;

        r = make_pipe(&in_read, &in_write);
        if (r < 0)
                return r;
        r = make_pipe(&out_read, &out_write);
        if (r < 0)
                return r;
        /* An empty pipe takes it all, whether the program reads it or not. */
        r = loop_write(in_write, server, strlen(server));
        if (r < 0)
                return r;
        r = spawn(program, in_read, out_write, &pid);
        in_write = safe_close(in_write);
        out_write = safe_close(out_write);
        if (r != 0)
                result.header = (HelperHeader) { .outcome = HELPER_NOT_STARTED, .status = r };
        else {
                r = collect_and_wait(out_read, pid, &result);
                if (r < 0)
                        return r;
        }
        *ret = TAKE_GENERIC(result, ((HelperResult) {}));
        return 0;
}
