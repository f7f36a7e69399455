/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/macro.h"

/* What processes use, from the files of a control group (Linux, Documentation/admin-guide/cgroup-v2.rst) and of a
 * network namespace (proc_pid_net(5)). A figure that cannot be read, since the controller is not there or for any other
 * reason, is unknown, which is not the same as 0. */

typedef enum UsageFigure {
        USAGE_CPU,              /* microseconds of CPU time, since the group was made */
        USAGE_MEMORY,           /* bytes, with the file cache */
        USAGE_MEMORY_LIMIT,     /* bytes; unknown when there is none */
        USAGE_TASKS,
        USAGE_READ,             /* bytes from and to block devices */
        USAGE_WRITTEN,
        USAGE_RECEIVED,         /* bytes of all interfaces but the loopback one */
        USAGE_SENT,
        _USAGE_FIGURE_MAX,
} UsageFigure;

#define USAGE_UNKNOWN UINT64_MAX

typedef struct Usage {
        uint64_t taken_usec;    /* when it was read, now_monotonic_usec() */
        uint64_t figures[_USAGE_FIGURE_MAX];
} Usage;

/* All is unknown. */
void usage_init(Usage *ret);
/* Takes over what the text says. The file is "cpu.stat", "memory.current", … of a control group, or "net/dev". -EINVAL:
 * it is another file. */
int usage_parse(const char *file, const char *text, Usage *u);

/* Reads the group at that path below the directory. -ENOENT, -ENODEV: there is no such group, or no longer. */
int usage_read_group(int dir_fd, const char *path, Usage *u);
/* Reads /proc/PID/net/dev, where proc_fd is /proc/PID. */
int usage_read_network(int proc_fd, Usage *u);

/* The share of one CPU between two readings, in percent; before may be NULL. False: that is unknown, or the counter has
 * gone back, because the group was made again in between. */
bool usage_cpu_percent(const Usage *before, const Usage *now, double *ret);
