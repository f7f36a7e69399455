/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "network/net-engine.h"
#include "network/net-hold.h"
#include "network/net-pod.h"

/* network_attach() and network_detach() in pieces: what is done for native networks, for forwarded ports, and with the
 * table of rules. All of this is called with net_state_lock() held. */

/* What a native network of this pod is while it is being made. */
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

/* network-native.c: subnet, address and names of join i, noted in the state. */
int network_native_allocate(Attach *a, size_t i, char **reterr_message);
int network_native_plan_link(const Attach *a, size_t i, bool default_route, NetLink *ret);
void network_native_release(const NetStateJoin *j, const char *uuid);

/* network-claims.c: the pod's ports. -EADDRINUSE with a message: another pod has one of them. */
int network_claims_take(Attach *a, char **reterr_message);
int network_claims_write(const Attach *a, const char *address, const char *address6);
void network_claims_release(const NetEngine *engine, const char *uuid);
int network_claims_run(const NetEngine *engine, int (*format)(const NetClaim *c, char **ret), const NetClaim *claim,
                       char **reterr_message);

/* network-ports.c: the host's ports of the pod, bound. In the host's namespace. -EADDRINUSE with a message: a program
 * has one of them. */
int network_ports_hold(Attach *a, char **reterr_message);

/* network-table.c: rules for all of this; network_remove_idle() is there as well. */
int network_table_add(Attach *a, bool forwards, char **reterr_message);
bool network_table_is_used(void);

/* network-localhost.c: the host's own programs reach forwarded ports at 127.0.0.1 and ::1, and pods its name server
 * there. When the table is there. */
int network_localhost_open(const Attach *a, bool forwards, char **reterr_message);
/* For all pods that run, when the host has come to a name server on loopback. */
void network_localhost_for_resolver(void);
/* Before the table goes. */
void network_localhost_close(void);
