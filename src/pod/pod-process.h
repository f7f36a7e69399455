/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>

/* The process that is a pod without an init. The pod's lock says whether it runs, and the process that holds the lock
 * for it can be killed by others; so it is asked for itself, too. File "process" of the pod's directory: its number,
 * when it started (proc_pid_stat(5)), and the boot, by which it is never taken for another. */

/* Notes the calling process. */
int pod_process_note(int pod_fd);
/* False also if the pod has no such file. */
bool pod_process_lives(int pod_fd);
