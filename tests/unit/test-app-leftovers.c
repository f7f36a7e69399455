/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "basic/fs.h"
#include "basic/string-util.h"
#include "inside/app-leftovers.h"

/* A directory with the files of a control group. That of its processes is a FIFO, a new one each time, so that whoever
 * reads it waits until it is answered, and its limit can be looked at just then. */

#define LIMIT "512\n"

typedef struct Group {
        char path[64];
        int fd;
        pthread_t killer;
} Group;

static void group_make(Group *g, bool limited)
{
        *g = (Group) { .path = "/tmp/test-app-leftovers-XXXXXX" };
        cr_assert(mkdtemp(g->path));
        g->fd = open(g->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        cr_assert(g->fd >= 0);
        cr_assert(mkfifoat(g->fd, "cgroup.procs", 0600) >= 0);
        if (limited)
                cr_assert(write_file_at(g->fd, "pids.max", LIMIT, strlen(LIMIT), 0600) >= 0);
}

static void group_remove(Group *g)
{
        (void) close(g->fd);
        cr_assert(rm_rf_at(AT_FDCWD, g->path) >= 0);
}

static void *kill_in(void *userdata)
{
        app_leftovers_kill_in(((Group *) userdata)->fd);
        return NULL;
}

static pid_t sleeper(void)
{
        pid_t pid = fork();

        if (pid != 0)
                return pid;
        for (;;)
                (void) pause();
}

/* Waits until somebody reads what processes there are, and says how many may be made at that time. */
static char *answer(const Group *g, pid_t process)
{
        int fd = openat(g->fd, "cgroup.procs", O_WRONLY | O_CLOEXEC);
        char *limit = NULL;

        cr_assert(fd >= 0);
        cr_assert(mkfifoat(g->fd, "next", 0600) >= 0 && renameat(g->fd, "next", g->fd, "cgroup.procs") >= 0);
        (void) read_file_at(g->fd, "pids.max", 64, &limit, NULL);
        if (process > 0)
                cr_assert(dprintf(fd, "%i\n", process) > 0);
        (void) close(fd);
        return limit;
}

static bool was_killed(pid_t pid)
{
        int status;

        return waitpid(pid, &status, 0) == pid && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
}

static void begin(Group *g)
{
        cr_assert(pthread_create(&g->killer, NULL, kill_in, g) == 0);
}

static void end(Group *g)
{
        cr_assert(pthread_join(g->killer, NULL) == 0);
}

/* Those that are seen once there was a first one to kill may be a swarm, which forks faster than it is killed. */
Test(app_leftovers, no_new_processes_while_it_kills, .timeout = 20)
{
        const pid_t first = sleeper(), second = sleeper();
        _cleanup_free_ char *before = NULL, *during = NULL, *still = NULL, *after = NULL;
        Group g;

        group_make(&g, true);
        begin(&g);
        before = answer(&g, first);
        during = answer(&g, second);
        still = answer(&g, 0);
        end(&g);
        cr_expect(read_file_at(g.fd, "pids.max", 64, &after, NULL) >= 0);

        cr_expect_str_eq(before, LIMIT);
        /* Unlike one of the kernel, a file keeps the rest of what was there. */
        cr_expect(*during == '0');
        cr_expect(*still == '0');
        cr_expect_str_eq(after, LIMIT);
        cr_expect(was_killed(first));
        cr_expect(was_killed(second));
        group_remove(&g);
}

/* Where processes are not counted, there is no such file, and none is made. */
Test(app_leftovers, kills_without_a_limit, .timeout = 20)
{
        const pid_t first = sleeper();
        Group g;

        group_make(&g, false);
        begin(&g);
        cr_expect_null(answer(&g, first));
        cr_expect_null(answer(&g, 0));
        end(&g);
        cr_expect(faccessat(g.fd, "pids.max", F_OK, 0) < 0);
        cr_expect(was_killed(first));
        group_remove(&g);
}

/* Most apps leave nothing, and are not to wait for anything. */
Test(app_leftovers, leaves_the_limit_of_a_group_without_processes, .timeout = 20)
{
        _cleanup_free_ char *only = NULL, *after = NULL;
        Group g;

        group_make(&g, true);
        begin(&g);
        only = answer(&g, 0);
        end(&g);
        cr_expect(read_file_at(g.fd, "pids.max", 64, &after, NULL) >= 0);
        cr_expect_str_eq(only, LIMIT);
        cr_expect_str_eq(after, LIMIT);
        group_remove(&g);
}
