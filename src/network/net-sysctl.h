/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

/* Switches of the kernel's network stack, in the current network namespace. No function reports a failure: if a switch
 * is missing, the feature that needs it fails by itself. */

/* Sets up a new namespace: apps without privileges may have low ports and, as one of these groups, send pings, since
 * their capabilities do not count in a namespace that the host made; router advertisements and redirects are
 * ignored. */
void net_sysctl_of_pod(gid_t first_gid, gid_t last_gid);
/* Whether links in the current namespace may have IPv6 addresses. */
bool net_sysctl_has_ipv6(void);
/* Makes the host forward packets for its pods. This is never undone: other programs may rely on it by then. */
void net_sysctl_forward(void);
/* Sets whether packets from the host's loopback addresses may leave through this link; NULL: no link. Returns the
 * setting before, so that it can be restored. */
bool net_sysctl_route_localnet(const char *interface, bool on);
/* Sets up the host's end of a pod's link: packets from the pod do not change the host's routes. */
void net_sysctl_of_link(const char *interface);
