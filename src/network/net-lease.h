/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "network/net-address.h"

/* The addresses of the pods of a network. Each is a file in the network's directory, named after the IPv4 address, with
 * the pod's UUID in it. The pod holds a lock on the file, which its processes inherit, so the address is free as soon
 * as the pod is gone, even if the file is still there. The number of the address in its subnet is used for IPv6 as
 * well. All functions are called with net_state_lock() held. */

typedef struct NetLease {
        uint32_t index;
        int fd;
} NetLease;

/* Number 1 is the host's. hint decides which address is tried first, so that pods of the same name tend to get the same
 * address. Unless wanted is 0, only that number is tried. -EADDRINUSE: it is taken by the pod whose UUID is in
 * *ret_holder. -EADDRNOTAVAIL: no address is free. */
int net_lease_acquire(int dir_fd, const NetPrefix *subnet, const char *hint, uint32_t wanted, const char *uuid,
                      NetLease *ret, char **ret_holder);
/* Removes the file if it is the pod's and the pod is gone; otherwise does nothing. */
void net_lease_release(int dir_fd, const char *address, const char *uuid);
/* Removes the files of all pods that are gone, also of those whose start was killed before it was recorded. */
void net_leases_sweep(int dir_fd);
/* Whether any pod holds an address. */
bool net_leases_held(int dir_fd);
