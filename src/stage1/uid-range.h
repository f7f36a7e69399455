/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <sys/types.h>

#include "basic/uuid.h"

/* A pod's own 64K user IDs, out of the range systemd sets aside for containers (systemd's UIDS-GIDS.md:
 * 0x00080000…0x6FFFFFFF), and a user namespace that maps them. A range is held by the same lock that
 * `systemd-nspawn --private-users=pick` takes, /run/systemd/nspawn-uid/BASE, so that neither side gives out what
 * the other uses. */

typedef struct UidRange {
        uid_t base;
        int lock_fd; /* an OFD lock; passes through exec */
} UidRange;

/* The first candidate follows from the pod's UUID. -EBUSY: no range is free. */
int uid_range_acquire(const Uuid *uuid, UidRange *ret);
/* The one that begins there, whoever has given it out. -EBUSY: somebody holds it. */
int uid_range_acquire_at(uid_t base, UidRange *ret);
void uid_range_done(UidRange *r);

/* A user namespace in which 0…65535 are base…base+65535, for mount_setattr(2). */
int userns_open(uid_t base);
/* The other way round: what belongs to base… on disk is seen as 0…, for looking at what a pod has written. */
int userns_open_reverse(uid_t base);
