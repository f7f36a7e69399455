/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "network/net-config.h"
#include "network/net-port.h"
#include "network/net-subnet.h"

/* What a pod's network came to be: file "network" of its directory, written before each step that makes something
 * outside the pod, so that tear-down knows of it. Called "network-ended" once that was done. */

typedef struct NetStateJoin {
        char *name;
        char *interface;
        char *host_interface; /* NULL: the plugin did not say */
        char **addresses;     /* with their lengths, "172.16.0.5/16" */
        char **gateways;
        NetDns dns;
        bool native;
        bool masquerade;
        bool restricted;      /* it leads nowhere but to the host and other pods */
        /* Of a CNI network, all that it takes to undo it. */
        char **arguments;
        char **plugin_path;
        json_object *conf;
        json_object *result;  /* NULL: ADD did not get so far */
} NetStateJoin;

typedef struct NetState {
        NetStateJoin *joins;
        size_t n_joins;
        NetPort *ports;
        size_t n_ports;
        bool ended;
} NetState;

void net_state_done(NetState *s);
/* -ENOENT: it has none. */
int net_state_read(int pod_fd, NetState *ret);
int net_state_write(int pod_fd, const NetState *s);
/* Needs no space on disk. */
void net_state_end(int pod_fd);

/* The first address of a family, without its length; NULL when there is none. */
char *net_state_address(const NetStateJoin *j, int family);

/* Below /run: leases and subnets are gone with a reboot, as the pods are. */
#define NET_RUN_DIRECTORY "/run/podctl/network"

/* Serializes whatever changes there; the fd is the lock. Pods hold it for a few milliseconds of their start and end. */
int net_state_lock(void);
/* The directory of a native network, and that of claims on ports; made when missing. */
int net_open_network(const char *name);
int net_open_claims(void);
/* Names of all native networks that have a directory. */
int net_list_networks(char ***ret);
