/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "network/net-address.h"

/* Addresses that pods of a network have: a file each in the network's directory, named after the IPv4 address, with
 * the pod's UUID in it. The pod holds a lock on it, which its processes inherit, so an address is free the moment the
 * pod is gone, whether or not somebody removed the file. The number of the address in its subnet counts for IPv6 too.
 * All of this is called with the lock of net_state_lock() held. */

typedef struct NetLease {
        uint32_t index;
        int fd;
} NetLease;

/* Number 1 is the host's. hint decides which one is tried first, so that a pod of a name tends to keep its address;
 * wanted is the only one tried unless it is 0. -EADDRINUSE: that one is taken, *ret_holder says by which UUID.
 * -EADDRNOTAVAIL: none is free. */
int net_lease_acquire(int dir_fd, const NetPrefix *subnet, const char *hint, uint32_t wanted, const char *uuid,
                      NetLease *ret, char **ret_holder);
/* Removes the file if it is the pod's and the pod is gone; otherwise does nothing. */
void net_lease_release(int dir_fd, const char *address, const char *uuid);
/* Whether any pod holds one. */
bool net_leases_held(int dir_fd);
