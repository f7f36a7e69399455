/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/strv.h"

/* Names of pods for the host itself, where it uses neither nss-mymachines(8) nor nss-resolve(8): lines of /etc/hosts
 * that end with podctl's mark. Other lines are left as they are. Failures are only logged, for debugging: a pod without
 * a name on the host still runs. */

void net_host_names_add(char *const *addresses, char *const *names);
void net_host_names_remove(char *const *addresses);

/* Whether the text of an nsswitch.conf(5) has a service that resolves pods' names. */
bool net_host_names_are_known(const char *nsswitch);
/* Removes podctl's lines for these addresses from the text of a hosts(5), and adds one for each address if there are
 * names. */
int net_host_names_edit(const char *hosts, char *const *addresses, char *const *names, char **ret);
