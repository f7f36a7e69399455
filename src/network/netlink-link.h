/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "network/net-engine.h"

/* Pods' links over libnl-route (NetEngine). */

int netlink_add_link(const NetLink *link, int host_ns, int pod_ns, char **reterr_message);
int netlink_remove_link(const char *name, char **reterr_message);
int netlink_add_stand_in(const char *name, const NetAddress *addresses, const unsigned *lengths, size_t n,
                         char **reterr_message);
int netlink_raise_loopback(char **reterr_message);
