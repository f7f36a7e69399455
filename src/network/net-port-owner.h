/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "network/net-port.h"

/* Which process has a port of the network namespace we are in, for messages. -ESRCH: it cannot be told. */
int net_port_find_owner(const NetPort *port, char **ret_pid, char **ret_name);

/* Pure: the inode of the first socket in the text of /proc/net/tcp and its like (proc_pid_net(5)) that has the port at
 * its address or at all of them; one that listens before others. 0: none. */
unsigned long net_port_find_inode(const char *table, const NetPort *port);
