/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/strv.h"

/* Names of pods for the host itself, where neither nss-mymachines(8) nor nss-resolve(8) is there to tell them: lines of
 * /etc/hosts that end with a mark of ours. Others' lines are left as they are. Failures are nobody's affair but the
 * journal's: a pod without a name on the host still runs. */

void net_host_names_add(char *const *addresses, char *const *names);
void net_host_names_remove(char *const *addresses);

/* Whether the text of an nsswitch.conf(5) has somebody who knows pods' names. */
bool net_host_names_are_known(const char *nsswitch);
/* The text of a hosts(5) without our lines of these addresses, and with one of each for these names, if any. */
int net_host_names_edit(const char *hosts, char *const *addresses, char *const *names, char **ret);
