/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stddef.h>

/* What has to stay open until the process becomes the pod, and as long as it is one. */
typedef struct NetHold {
        int *locks;           /* and sockets that have its ports */
        size_t n_locks;
        int host_ns;
} NetHold;

/* Takes the fd, also on failure. */
int net_hold_lock(NetHold *hold, int fd);
/* For exec: the locks stay open in whatever program comes next. */
int net_hold_keep(const NetHold *hold);
/* Back to the host's network namespace, giving up the locks. */
void net_hold_done(NetHold *hold);
