/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdatomic.h>
#include <sys/types.h>

#include "basic/macro.h"

/* A piece of work done by a forked child, which is killed when we are. The child reports through a page of memory it
 * shares with us: how far it is while it works, then what came of it. Whoever confines such a child must take what it
 * reports for data of unknown origin. */

#define WORKER_MESSAGE_MAX 2048
#define WORKER_RESULT_MAX 1024

typedef struct WorkerReport {
        _Atomic uint64_t progress;      /* the child knows what it counts */
        char message[WORKER_MESSAGE_MAX];
        _Alignas(16) char result[WORKER_RESULT_MAX];
} WorkerReport;

typedef struct Worker {
        pid_t pid;
        int pidfd;              /* readable when the child has ended */
        WorkerReport *report;
} Worker;

#define WORKER_NONE { .pidfd = -EBADF }

/* Returns 0 or a negative errno, with a message where it knows more. The result it leaves in report->result. */
typedef int (*WorkerFunction)(void *userdata, WorkerReport *report, char **reterr_message);

int worker_start(WorkerFunction function, void *userdata, Worker *ret);

/* Waits for the end and returns what the function did; -ECHILD: it ended in another way. The result is copied out when
 * all went well. */
int worker_finish(Worker *w, void *ret_result, size_t size, char **reterr_message);

/* Kills the child where it still runs, and frees what the worker has. */
void worker_done(Worker *w);
