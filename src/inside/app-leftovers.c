/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "config.h"
#include "inside/app-leftovers.h"
#include "inside/launch-places.h"

/* Steps of half a millisecond, until a process that was killed is gone, or one that forks faster than it is killed has
 * had its chance. */
#define STEPS_MAX 4000
#define CARRIERS_MAX 16

typedef struct Carriers {
        int fds[CARRIERS_MAX]; /* PID descriptors */
        size_t n;
} Carriers;

static int open_group(void)
{
        char line[PATH_MAX], path[PATH_MAX + 32];
        FILE *groups = fopen("/proc/self/cgroup", "re");
        int group = -1;

        while (groups && group < 0 && fgets(line, sizeof(line), groups)) {
                if (strncmp(line, "0::", strlen("0::")) != 0)
                        continue;
                line[strcspn(line, "\n")] = 0;
                (void) snprintf(path, sizeof(path), "/sys/fs/cgroup%s", line + strlen("0::"));
                group = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        }
        if (groups)
                (void) fclose(groups);
        return group;
}

static FILE *open_processes(int group)
{
        int fd = openat(group, "cgroup.procs", O_RDONLY | O_CLOEXEC);
        FILE *f = fd < 0 ? NULL : fdopen(fd, "re");

        if (!f && fd >= 0)
                (void) close(fd);
        return f;
}

/* An app may have made some, with all that they have in them. */
static void kill_groups_below(int group)
{
        int copy = openat(group, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        DIR *directory = copy < 0 ? NULL : fdopendir(copy);
        char path[NAME_MAX + 16];

        for (struct dirent *d; directory && (d = readdir(directory));) {
                int fd;

                if (d->d_type != DT_DIR || d->d_name[0] == '.')
                        continue;
                (void) snprintf(path, sizeof(path), "%s/cgroup.kill", d->d_name);
                fd = openat(group, path, O_WRONLY | O_CLOEXEC);
                if (fd >= 0) {
                        (void) !write(fd, "1", 1);
                        (void) close(fd);
                }
        }
        if (directory)
                (void) closedir(directory);
        else if (copy >= 0)
                (void) close(copy);
}

/* By its program, since an app may call itself anything. After an upgrade of podctl it has an older one, which has no
 * name any more. */
static bool is_carrier(pid_t pid)
{
        static const char launcher[] = PKGLIBDIR "/launch/" LAUNCH_PROGRAM, gone[] = "/" LAUNCH_PROGRAM " (deleted)";
        struct stat its, ours;
        char path[64], target[PATH_MAX];
        ssize_t n;

        (void) snprintf(path, sizeof(path), "/proc/%i/exe", pid);
        if (stat(path, &its) < 0 || stat(launcher, &ours) < 0 || its.st_dev != ours.st_dev)
                return false;
        if (its.st_ino == ours.st_ino)
                return true;
        n = readlink(path, target, sizeof(target));
        return n >= (ssize_t) strlen(gone) &&
               strncmp(target + n - strlen(gone), gone, strlen(gone)) == 0;
}

/* Returns whether there was something to kill. */
static bool kill_others(int group, Carriers *ret)
{
        FILE *processes = open_processes(group);
        bool any = false;
        char line[32];

        for (ret->n = 0; processes && fgets(line, sizeof(line), processes);) {
                pid_t pid = (pid_t) atoi(line);

                if (pid <= 0 || pid == getpid())
                        continue;
                if (is_carrier(pid)) {
                        if (ret->n < CARRIERS_MAX)
                                ret->fds[ret->n++] = (int) syscall(SYS_pidfd_open, pid, 0);
                        continue;
                }
                any = true;
                (void) kill(pid, SIGKILL);
        }
        if (processes)
                (void) fclose(processes);
        return any;
}

static void close_carriers(Carriers *c)
{
        while (c->n > 0)
                (void) close(c->fds[--c->n]);
}

static void kill_all(Carriers *ret)
{
        static const struct timespec pause = { .tv_nsec = 500 * 1000 };
        int group = open_group();

        ret->n = 0;
        if (group < 0)
                return;
        kill_groups_below(group);
        for (unsigned i = 0; kill_others(group, ret) && i < STEPS_MAX; i++) {
                close_carriers(ret);
                (void) nanosleep(&pause, NULL);
        }
        (void) close(group);
}

void app_leftovers_kill(void)
{
        Carriers carriers;

        kill_all(&carriers);
        close_carriers(&carriers);
}

void app_leftovers_end(void)
{
        Carriers carriers;

        kill_all(&carriers);
        for (size_t i = 0; i < carriers.n; i++)
                while (carriers.fds[i] >= 0 &&
                       poll(&(struct pollfd) { .fd = carriers.fds[i], .events = POLLIN }, 1, -1) < 0)
                        ;
        close_carriers(&carriers);
}
