/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/strv.h"

/* Names of a native network's pods: file "hosts" of its directory, in the form of hosts(5), which pods of the network
 * see as /etc/hosts. The same file is bind-mounted into all of them, so it is never replaced, only changed in place, a
 * line at a time: a reader sees it with or without that line. Called with net_state_lock() held. */

#define NET_NAMES_FILE "hosts"

/* Adds the pod's addresses, without lengths, with its names. Lines of pods that had these addresses before are
 * removed. */
int net_names_add(int dir_fd, char *const *addresses, char *const *names);
void net_names_remove(int dir_fd, char *const *addresses);
