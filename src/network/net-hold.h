/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stddef.h>

/* Descriptors that stay open until the process becomes the pod, and then for as long as the pod runs. */
typedef struct NetHold {
        int *locks;           /* and the sockets that hold its ports */
        size_t n_locks;
        int host_ns;
} NetHold;

/* Takes over the fd, even on failure. */
int net_hold_lock(NetHold *hold, int fd);
/* Called before exec: keeps the locks open in the next program. */
int net_hold_keep(const NetHold *hold);
/* Returns to the host's network namespace, and releases the locks. */
void net_hold_done(NetHold *hold);
