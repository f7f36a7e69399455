/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <poll.h>
#include <time.h>

#include "basic/macro.h"
#include "basic/patience.h"
#include "basic/time-util.h"

bool patience_wait(Patience *p, int fd)
{
        uint64_t step = MIN(p->step_usec, p->left_usec);
        struct timespec timeout = { .tv_sec = (time_t) (step / USEC_PER_SEC),
                                    .tv_nsec = (long) (step % USEC_PER_SEC * NSEC_PER_USEC) };
        struct pollfd pollfd = { .fd = fd, .events = POLLIN };
        uint64_t began = now_monotonic_usec();

        if (p->left_usec == 0)
                return false;
        (void) ppoll(&pollfd, 1, &timeout, NULL);
        p->left_usec -= MIN(p->left_usec, now_monotonic_usec() - began);
        return true;
}
