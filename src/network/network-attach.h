/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "network/net-engine.h"
#include "network/net-hold.h"
#include "network/net-pod.h"

/* The parts of network_attach() and network_detach(): those for native networks, for forwarded ports, and for the table
 * of rules. All functions are called with net_state_lock() held. */

/* A native network of this pod, while it is being set up. */
typedef struct Native {
        NetNative conf;
        NetSubnet subnet;
        uint32_t index;
        bool fresh;     /* its subnet was chosen just now */
} Native;

typedef struct Attach {
        const NetPod *pod;
        const NetEngine *engine;
        NetHold *hold;
        NetState state;
        Native *natives; /* as many as there are joins */
        int pod_ns;
        int claim_fd;
        bool has_gateway;
} Attach;

/* network-native.c: subnet and address of join i, noted in the state. */
int network_native_allocate(Attach *a, size_t i, char **reterr_message);
int network_native_plan_link(const Attach *a, size_t i, bool default_route, NetLink *ret);
void network_native_release(const NetStateJoin *j, const char *uuid);

/* network-names.c: the names of the pod, and those that it sees, if those of one network are not all. Published once
 * the state is written: nothing else would tell that they are to be removed. -EADDRNOTAVAIL with a message: there is no
 * address of the host. */
int network_names_publish(const Attach *a, char **reterr_message);
void network_names_remove(const char *network, int dir_fd, char *const *addresses);

/* network-claims.c: the pod's ports. -EADDRINUSE with a message: another pod has one of them. */
int network_claims_take(Attach *a, char **reterr_message);
int network_claims_write(const Attach *a, const char *address, const char *address6);
void network_claims_release(const NetEngine *engine, const char *uuid);
/* Removes those of pods that are gone, when there is no table with their ports any more. */
void network_claims_sweep(void);
int network_claims_run(const NetEngine *engine, int (*format)(const NetClaim *c, char **ret), const NetClaim *claim,
                       char **reterr_message);

/* network-ports.c: binds the pod's ports of the host; called in the host's namespace. -EADDRINUSE with a message: a
 * program has one of them. */
int network_ports_hold(Attach *a, char **reterr_message);

/* network-table.c: rules for all of this; network_remove_idle() is there as well. */
int network_table_add(Attach *a, bool forwards, char **reterr_message);
bool network_table_is_used(void);
/* Takes a network without pods out of the table. */
void network_table_drop(const NetEngine *engine, const char *network);

/* network-localhost.c: lets the host's own programs reach forwarded ports at 127.0.0.1 and ::1, and pods reach the
 * host's name server on loopback. Called after the table is made. */
int network_localhost_open(const Attach *a, bool forwards, char **reterr_message);
/* Does this for all running pods, in case the host now has a name server on loopback. */
void network_localhost_for_resolver(void);
/* Called before the table is removed. */
void network_localhost_close(void);
