/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "inside/app-die.h"
#include "inside/own-group.h"
#include "inside/pids-of.h"
#include "inside/unit-group.h"

static FILE *open_text(int directory, const char *path)
{
        int fd = openat(directory, path, O_RDONLY | O_CLOEXEC);

        return fd < 0 ? NULL : fdopen(fd, "r");
}

/* The processes of the other unit, whose control group is beside our own. */
static FILE *open_processes(const char *unit)
{
        char group[OWN_GROUP_MAX], path[2 * OWN_GROUP_MAX];

        if (!own_group_path(group))
                return NULL;
        (void) snprintf(path, sizeof(path), "%.*s/%s%s/cgroup.procs", (int) (strrchr(group, '/') - group), group,
                        unit_group_prefix(unit), unit);
        return open_text(AT_FDCWD, path);
}

/* Whether it is the first in a namespace right below the pod's, which only the launcher makes: what the app makes is
 * below that (proc(5), NSpid). */
static bool is_first(int process)
{
        FILE *f = open_text(process, "status");
        char line[512];
        int pid, inner, further, n = 0;

        while (f && n == 0 && fgets(line, sizeof(line), f))
                if (strncmp(line, "NSpid:", 6) == 0)
                        n = sscanf(line, "NSpid: %i %i %i", &pid, &inner, &further) == 2 && inner == 1 ? 1 : -1;
        if (f)
                (void) fclose(f);
        return n == 1;
}

/* Returns the directory of that process in /proc, or -1. */
static int find_first(FILE *processes)
{
        char path[64];
        int pid, fd;

        while (fscanf(processes, "%i", &pid) == 1) {
                (void) snprintf(path, sizeof(path), "/proc/%i", pid);
                fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
                if (fd >= 0 && is_first(fd))
                        return fd;
                if (fd >= 0)
                        (void) close(fd);
        }
        return -1;
}

void pids_of_enter(const char *unit)
{
        FILE *processes = open_processes(unit);
        int process = processes ? find_first(processes) : -1, pids;

        if (process < 0)
                die("cannot join the processes of %s: it does not run", unit);
        (void) fclose(processes);
        pids = openat(process, "ns/pid", O_RDONLY | O_CLOEXEC);
        (void) close(process);
        if (pids < 0 || setns(pids, CLONE_NEWPID) < 0)
                die("cannot join the processes of %s: %m", unit);
        (void) close(pids);
}
