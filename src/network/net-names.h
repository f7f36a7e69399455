/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/strv.h"

/* Names of a native network's pods: file "hosts" of its directory, in the form of hosts(5), which pods of the network
 * see as /etc/hosts. It is one file for all of them, bound into each, so it is never replaced, only changed in place,
 * a line at a time: a reader sees it meanwhile with the line or without. Called with net_state_lock() held. */

#define NET_NAMES_FILE "hosts"

/* The pod's addresses, without lengths, and its names. What other pod had these addresses before is forgotten. */
int net_names_add(int dir_fd, char *const *addresses, char *const *names);
void net_names_remove(int dir_fd, char *const *addresses);
