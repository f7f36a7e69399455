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
#include "inside/notify-relay.h"
#include "inside/own-group.h"

/* Steps of half a millisecond, until a process that was killed is gone. */
#define STEPS_MAX 4000
#define CARRIERS_MAX 16

typedef struct Carriers {
        int fds[CARRIERS_MAX]; /* PID descriptors */
        size_t n;
} Carriers;

static int open_group(void)
{
        char path[OWN_GROUP_MAX];

        return own_group_path(path) ? open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
}

static FILE *open_processes(int group)
{
        int fd = openat(group, "cgroup.procs", O_RDONLY | O_CLOEXEC);
        FILE *f = fd < 0 ? NULL : fdopen(fd, "re");

        if (!f && fd >= 0)
                (void) close(fd);
        return f;
}

/* A file of a group; returns its length, or a negative number. */
static ssize_t read_attribute(int group, const char *name, char *ret, size_t size)
{
        int fd = openat(group, name, O_RDONLY | O_CLOEXEC);
        ssize_t n = fd < 0 ? -1 : read(fd, ret, size - 1);

        if (fd >= 0)
                (void) close(fd);
        ret[n < 0 ? 0 : n] = 0;
        return n;
}

static void write_attribute(int group, const char *name, const char *text)
{
        int fd = openat(group, name, O_WRONLY | O_CLOEXEC);

        if (fd < 0)
                return;
        (void) !write(fd, text, strlen(text));
        (void) close(fd);
}

/* With all groups in there. Returns whether it had a process. */
static bool kill_group(int group, const char *name)
{
        char path[NAME_MAX + 16], events[128];

        (void) snprintf(path, sizeof(path), "%s/cgroup.events", name);
        if (read_attribute(group, path, events, sizeof(events)) < 0 || !strstr(events, "populated 1"))
                return false;
        (void) snprintf(path, sizeof(path), "%s/cgroup.kill", name);
        write_attribute(group, path, "1");
        return true;
}

/* An app may have made some. Returns whether there was something to kill. */
static bool kill_groups_below(int group)
{
        int copy = openat(group, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        DIR *directory = copy < 0 ? NULL : fdopendir(copy);
        bool any = false;

        for (struct dirent *d; directory && (d = readdir(directory));)
                if (d->d_type == DT_DIR && d->d_name[0] != '.' && kill_group(group, d->d_name))
                        any = true;
        if (directory)
                (void) closedir(directory);
        else if (copy >= 0)
                (void) close(copy);
        return any;
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

static bool is_notify_relay(pid_t pid)
{
        char path[64], name[32];

        (void) snprintf(path, sizeof(path), "/proc/%i/comm", pid);
        return read_attribute(AT_FDCWD, path, name, sizeof(name)) > 0 && strcmp(name, NOTIFY_RELAY_TITLE "\n") == 0 &&
               is_carrier(pid);
}

static void await_end(int pidfd)
{
        while (pidfd >= 0 && poll(&(struct pollfd) { .fd = pidfd, .events = POLLIN }, 1, -1) < 0)
                ;
}

void app_leftovers_await_notify(void)
{
        int group = open_group();
        FILE *processes = group < 0 ? NULL : open_processes(group);
        char line[32];

        while (processes && fgets(line, sizeof(line), processes)) {
                const pid_t pid = (pid_t) atoi(line);
                int fd;

                if (pid <= 0 || !is_notify_relay(pid))
                        continue;
                fd = (int) syscall(SYS_pidfd_open, pid, 0);
                await_end(fd);
                (void) close(fd);
        }
        if (processes)
                (void) fclose(processes);
        (void) close(group);
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

static bool kill_once(int group, Carriers *ret)
{
        const bool below = kill_groups_below(group);

        return kill_others(group, ret) || below;
}

/* Processes that fork faster than they can be killed fork no more, in the groups below neither. This one could not be
 * frozen with them, as it is in the same group. */
static void kill_swarm(int group, Carriers *ret)
{
        static const struct timespec pause = { .tv_nsec = 500 * 1000 };
        char limit[32];

        if (read_attribute(group, "pids.max", limit, sizeof(limit)) > 0)
                write_attribute(group, "pids.max", "0");
        for (unsigned i = 0; kill_once(group, ret) && i < STEPS_MAX; i++) {
                close_carriers(ret);
                (void) nanosleep(&pause, NULL);
        }
        if (*limit)
                write_attribute(group, "pids.max", limit);
}

static void kill_all(int group, Carriers *ret)
{
        ret->n = 0;
        if (group >= 0 && kill_once(group, ret)) {
                close_carriers(ret);
                kill_swarm(group, ret);
        }
}

void app_leftovers_kill_in(int group)
{
        Carriers carriers;

        kill_all(group, &carriers);
        close_carriers(&carriers);
}

void app_leftovers_kill(void)
{
        int group = open_group();

        app_leftovers_kill_in(group);
        (void) close(group);
}

void app_leftovers_end(void)
{
        int group = open_group();
        Carriers carriers;

        kill_all(group, &carriers);
        (void) close(group);
        for (size_t i = 0; i < carriers.n; i++)
                await_end(carriers.fds[i]);
        close_carriers(&carriers);
}
