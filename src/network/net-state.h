/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "network/net-config.h"
#include "network/net-port.h"
#include "network/net-subnet.h"

/* The state of a pod's network: file "network" of its directory, written before the first link is made and again after
 * each CNI network. Tear-down undoes what it describes, and then renames it to "network-ended". */

typedef struct NetStateJoin {
        char *name;
        char *interface;
        char *host_interface; /* NULL: the plugin did not report one */
        char **addresses;     /* with their lengths, "172.16.0.5/16" */
        char **gateways;
        NetDns dns;
        bool native;
        bool masquerade;
        bool restricted;      /* it leads only to the host and other pods */
        /* For a CNI network, all that is needed to undo it. */
        char **arguments;
        char **plugin_path;
        json_object *conf;
        json_object *result;  /* NULL: ADD was not completed */
} NetStateJoin;

typedef struct NetState {
        NetStateJoin *joins;
        size_t n_joins;
        NetPort *ports;
        size_t n_ports;
        bool ended;
} NetState;

void net_state_done(NetState *s);
/* -ENOENT: the pod has none. */
int net_state_read(int pod_fd, NetState *ret);
int net_state_write(int pod_fd, const NetState *s);
/* Marks the network as taken down; needs no space on disk. */
void net_state_end(int pod_fd);

/* The first address of a family, without its length; NULL when there is none. */
char *net_state_address(const NetStateJoin *j, int family);
/* The host's first IPv4 address on one of the native networks that lead to the outside. NULL: there is none. */
const char *net_state_gateway(const NetState *s);
/* The same on any native network, or its IPv6 address if it has no other. */
const char *net_state_host(const NetState *s);

/* Below /run: leases and subnets do not survive a reboot, and neither do running pods. */
#define NET_RUN_DIRECTORY "/run/podctl/network"

/* Serializes all changes there; the fd is the lock. Pods hold it for a few milliseconds when they start and end. */
int net_state_lock(void);
/* The directory of a native network, and that of claims on ports; made when missing. */
int net_open_network(const char *name);
int net_open_claims(void);
/* Names of all native networks that have a directory. */
int net_list_networks(char ***ret);
