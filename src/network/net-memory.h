/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "network/net-subnet.h"

/* The subnets that were chosen for networks, on disk, so that firewall rules that name them are right after a reboot:
 * a file for each network, in the form of JSON. What cannot be read counts as not there. */

#define NET_MEMORY_DIRECTORY "/var/lib/podctl/networks"

void net_memory_done(NetMemory *m);
/* dir_fd: the directory, or -EBADF, if there is none. */
int net_memory_read(int dir_fd, const char *network, NetMemory *ret);
/* Remembers the subnets that the configuration leaves open; writes only what has changed. */
int net_memory_write(int dir_fd, const char *network, const NetNative *conf, const NetMemory *old, const NetSubnet *s);
