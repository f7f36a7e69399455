/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "network/net-port.h"

/* Finds the process that has a port in the current network namespace, for messages. -ESRCH: it was not found. */
int net_port_find_owner(const NetPort *port, char **ret_pid, char **ret_name);

/* Pure: finds the inode of the first socket in the text of /proc/net/tcp or a similar file (proc_pid_net(5)) that has
 * the port, at its address or at all addresses; sockets that listen are preferred. 0: none. */
unsigned long net_port_find_inode(const char *table, const NetPort *port);
