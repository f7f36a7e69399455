/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

/* Switches of the kernel's network stack. Of the namespace we are in; none of them is worth failing for, since what
 * they are for fails by itself where they are missing. */

/* A new namespace: apps without privileges may have low ports and, as one of these groups, send pings, since no
 * capability of theirs counts in a namespace that the host made; no router that announces itself is believed. */
void net_sysctl_of_pod(gid_t first_gid, gid_t last_gid);
/* Whether links of the namespace we are in may have addresses of IPv6. */
bool net_sysctl_has_ipv6(void);
/* The host routes for its pods. It stays that way: others may count on it by then. */
void net_sysctl_forward(void);
/* Packets from the host's loopback addresses may leave through this link; NULL is none. Whether they did before, so
 * that it can be put back. */
bool net_sysctl_route_localnet(const char *interface, bool on);
/* A pod's link on the host: what is sent from there does not change the host's routes. */
void net_sysctl_of_link(const char *interface);
