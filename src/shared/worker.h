/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdatomic.h>
#include <sys/types.h>

#include "basic/macro.h"

/* Work done by a forked child, which is killed when we end. The child reports through a page of memory that it shares
 * with us: its progress while it works, then the result. A caller that confines such a child must treat its report as
 * untrusted data. */

#define WORKER_MESSAGE_MAX 2048
#define WORKER_RESULT_MAX 1024

typedef struct WorkerReport {
        _Atomic uint64_t progress;      /* the unit is the child's choice */
        char message[WORKER_MESSAGE_MAX];
        _Alignas(16) char result[WORKER_RESULT_MAX];
} WorkerReport;

typedef struct Worker {
        pid_t pid;
        int pidfd;              /* readable when the child has ended */
        WorkerReport *report;
} Worker;

#define WORKER_NONE { .pidfd = -EBADF }

/* Returns 0 or a negative errno, with a message where it knows more. It leaves its result in report->result. */
typedef int (*WorkerFunction)(void *userdata, WorkerReport *report, char **reterr_message);

int worker_start(WorkerFunction function, void *userdata, Worker *ret);

/* Waits for the end and returns the function's return value; -ECHILD: it ended in another way. The result is copied out
 * on success. */
int worker_finish(Worker *w, void *ret_result, size_t size, char **reterr_message);

/* Kills the child if it is still running, and frees the worker's resources. */
void worker_done(Worker *w);
