/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/macro.h"

/* The host's name servers, for pods. */

/* What resolv.conf(5) of the host says now. own_network: as a pod reaches it that has a network of its own. Name servers
 * on loopback are the pod's own there, so they are left out, in favour of those that systemd-resolved(8) asks where it is
 * the one on loopback. *ret_lost: there are name servers, and none that a pod reaches. A host without the file has none. */
int net_resolv_conf_of_host(bool own_network, char **ret, bool *ret_lost);

/* Pure: the same of a text. */
int net_resolv_conf_for_pods(const char *text, char **ret, bool *ret_lost);
