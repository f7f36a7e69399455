/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <sched.h>

#include "basic/alloc.h"
#include "basic/fd.h"
#include "network/net-hold.h"

int net_hold_lock(NetHold *hold, int fd)
{
        int *grown = reallocarray(hold->locks, hold->n_locks + 1, sizeof(int));

        if (!grown) {
                safe_close(fd);
                return -ENOMEM;
        }
        hold->locks = grown;
        grown[hold->n_locks++] = fd;
        return 0;
}

int net_hold_keep(const NetHold *hold)
{
        for (size_t i = 0; i < hold->n_locks; i++) {
                int r = fd_set_cloexec(hold->locks[i], false);

                if (r < 0)
                        return r;
        }
        return 0;
}

void net_hold_done(NetHold *hold)
{
        if (hold->host_ns >= 0)
                (void) setns(hold->host_ns, CLONE_NEWNET);
        hold->host_ns = safe_close(hold->host_ns);
        for (size_t i = 0; i < hold->n_locks; i++)
                safe_close(hold->locks[i]);
        hold->locks = mfree(hold->locks);
        hold->n_locks = 0;
}
