/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>

/* What the programs inside a pod tell its PID 1 (sd_notify(3)), without a library. A word that is the last before its
 * sender ends or becomes another program may find PID 1 busy with that end first, and is lost then: who sends such a
 * one waits until it was read (sd_notify_barrier(3)). */

/* The socket, as $NOTIFY_SOCKET has it; NULL: there is none. Negative: nobody can be told. */
int app_notify_connect(const char *path);
/* With a descriptor, if that is not negative, which stays the caller's. */
bool app_notify_send(int manager, const char *text, int fd);

typedef struct AppBarrier {
        int fds[2];
} AppBarrier;

/* Apart from the wait, since there may be limits between the two. No other process may have its descriptors then. */
bool app_barrier_open(AppBarrier *barrier);
/* Returns when PID 1 has read all that was sent before, and false with ETIMEDOUT if it does not in half a minute. The
 * barrier is gone afterwards. */
bool app_barrier_wait(AppBarrier *barrier, int manager);

/* The text, and the wait. */
bool app_notify_and_wait(int manager, const char *text);
