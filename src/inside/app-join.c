/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "config.h"
#include "inside/app-die.h"
#include "inside/app-follow.h"
#include "inside/app-join.h"
#include "inside/unit-group.h"

#define START_MSEC_MAX 30000

static void read_text(int directory, const char *path, char *buffer, size_t size)
{
        int fd = openat(directory, path, O_RDONLY | O_CLOEXEC);
        ssize_t n = fd < 0 ? -1 : read(fd, buffer, size - 1);

        if (fd >= 0)
                (void) close(fd);
        buffer[n > 0 ? n : 0] = 0;
}

/* The control group of the process, below /sys/fs/cgroup, if it is still that of the unit. */
static const char *group_of(const LaunchOptions *l, int process, char *buffer, size_t size)
{
        char *group, *name;

        read_text(process, "cgroup", buffer, size);
        group = strncmp(buffer, "0::/", 4) == 0 ? buffer : strstr(buffer, "\n0::/");
        if (!group)
                return NULL;
        group = strchr(group, '/');
        group[strcspn(group, "\n")] = 0;
        name = strrchr(group, '/') + 1;
        name += l->unit ? strlen(unit_group_prefix(l->unit)) : 0;
        return l->unit && strcmp(name, l->unit) == 0 ? group : NULL;
}

/* -1: the process is gone. 1: its bounding set has no more capabilities than the app may have. process is its directory
 * in /proc. */
static int has_given_up(const LaunchOptions *l, int process)
{
        char buffer[4096];
        const char *bounding;

        read_text(process, "status", buffer, sizeof(buffer));
        if (!*buffer)
                return -1;
        bounding = strstr(buffer, "\nCapBnd:");
        return bounding && (!l->restrict_capabilities ||
                            (strtoull(bounding + strlen("\nCapBnd:"), NULL, 16) & ~l->capabilities) == 0);
}

static bool executes(int process, const char *program)
{
        struct stat a, b;

        return fstatat(process, "exe", &a, 0) == 0 && stat(program, &b) == 0 && a.st_dev == b.st_dev &&
               a.st_ino == b.st_ino;
}

/* A service's main process is at first a copy of PID 1 in the same place, then the launcher, which has not hidden
 * anything yet. Programs of an image must not run there. If the capabilities do not show that the app has started, its
 * executable does. */
static int is_the_app(const LaunchOptions *l, int process)
{
        static const char *const others[] = { "/proc/1/exe", "/usr/lib/systemd/systemd-executor", BINDIR "/podctl",
                                            "/proc/self/exe" };
        int manager = open("/proc/1", O_PATH | O_DIRECTORY | O_CLOEXEC), r = has_given_up(l, process);
        bool tells_nothing = has_given_up(l, manager) != 0;

        (void) close(manager);
        for (size_t i = 0; r > 0 && tells_nothing && i < ELEMENTSOF(others); i++)
                if (executes(process, others[i]))
                        return 0;
        return r;
}

/* Of PID 1, and in a PID namespace below that of the pod. */
static bool is_successor(int process)
{
        char buffer[4096];
        const char *parent, *numbers;

        read_text(process, "status", buffer, sizeof(buffer));
        parent = strstr(buffer, "\nPPid:\t1\n");
        numbers = strstr(buffer, "\nNSpid:\t");
        numbers = numbers ? numbers + strlen("\nNSpid:\t") : "";
        return parent && strcspn(numbers, "\t") < strcspn(numbers, "\n");
}

/* The launcher of an app with PIDs of its own is the main process until it has made another, and then carries the app's
 * output: whoever asked too early has its number. Returns the directory of the other one. */
static int find_successor(const char *group)
{
        char path[4200], buffer[4096];
        int process = -1, directory;

        (void) snprintf(path, sizeof(path), "/sys/fs/cgroup%s", group);
        directory = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
        read_text(directory, "cgroup.procs", buffer, sizeof(buffer));
        (void) close(directory);
        for (char *pid = strtok(buffer, "\n"); pid; pid = strtok(NULL, "\n")) {
                (void) snprintf(path, sizeof(path), "/proc/%s", pid);
                process = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
                if (process >= 0 && is_successor(process))
                        return process;
                (void) close(process);
        }
        return -1;
}

/* Returns its directory, which may be another one. */
static int wait_for_the_app(const LaunchOptions *l, int process, const char *group)
{
        static const struct timespec pause = { .tv_nsec = 1000 * 1000 };
        int r, successor = -1;

        for (unsigned i = 0; (r = is_the_app(l, process)) <= 0; i++) {
                if (r < 0)
                        die("the app does not run any more");
                if (i == START_MSEC_MAX)
                        die("the app has not started yet");
                (void) nanosleep(&pause, NULL);
                if (successor < 0 && executes(process, "/proc/self/exe") && (successor = find_successor(group)) >= 0) {
                        (void) close(process);
                        process = successor;
                }
        }
        return process;
}

static bool is_own(int pids)
{
        struct stat a, b;

        return fstat(pids, &a) == 0 && stat("/proc/self/ns/pid", &b) == 0 && a.st_dev == b.st_dev &&
               a.st_ino == b.st_ino;
}

void app_join(LaunchOptions *l)
{
        char buffer[4096], path[4200];
        int process, mounts, pids, cgroups, procs;
        const char *group;
        bool same_pids;

        (void) snprintf(path, sizeof(path), "/proc/%s", l->join);
        process = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
        group = process < 0 ? NULL : group_of(l, process, buffer, sizeof(buffer));
        if (!group)
                die("the app does not run any more");
        process = wait_for_the_app(l, process, group);
        mounts = openat(process, "ns/mnt", O_RDONLY | O_CLOEXEC);
        pids = openat(process, "ns/pid", O_RDONLY | O_CLOEXEC);
        cgroups = openat(process, "ns/cgroup", O_RDONLY | O_CLOEXEC);
        same_pids = pids >= 0 && is_own(pids);
        (void) snprintf(path, sizeof(path), "/sys/fs/cgroup%s/cgroup.procs", group);
        procs = open(path, O_WRONLY | O_CLOEXEC);
        if (mounts < 0 || pids < 0 || cgroups < 0 || procs < 0 || write(procs, "0", 1) < 0 ||
            setns(cgroups, CLONE_NEWCGROUP) < 0 || setns(mounts, CLONE_NEWNS) < 0 ||
            (!same_pids && setns(pids, CLONE_NEWPID) < 0))
                die("cannot join the app: %m");
        (void) close(process);
        (void) close(mounts);
        (void) close(pids);
        (void) close(cgroups);
        (void) close(procs);
        if (!same_pids)
                app_follow(l);
}
