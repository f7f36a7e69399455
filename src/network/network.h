/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "network/net-state.h"

/* A pod's networks, made by the process that is about to become the pod and taken down by whoever clears away after
 * it. The namespace has no name: it is held by the pod's processes, and the kernel drops it, with the links in it,
 * when the last of them is gone. Addresses and ports are held by locks that these processes inherit. What else there
 * is outside the pod (rules, names, what CNI plugins made) follows from the file "network" of its directory. */

typedef struct NetPod {
        int dir_fd;           /* of the pod on disk */
        const char *uuid;
        const char *name;
        const char *hostname; /* NULL: the name */
        const NetJoin *joins;
        size_t n_joins;
        const NetPort *ports;
        size_t n_ports;
        gid_t first_gid;      /* of its groups, as the host numbers them */
        gid_t last_gid;
        uint64_t bandwidth;   /* of each link of a native network, bytes a second; 0: no limit */
} NetPod;

/* What has to stay open until the process becomes the pod, and as long as it is one. */
typedef struct NetHold {
        int *locks;           /* and sockets that have its ports */
        size_t n_locks;
        int host_ns;
} NetHold;

/* Leaves this process in the pod's network namespace. On failure it is in its own again, and nothing is left.
 * *reterr_message names network, plugin, or the pod that has the address or port. */
int network_attach(const NetPod *pod, NetHold *hold, char **reterr_message);
/* For exec: the locks stay open in whatever program comes next. */
int network_hold_keep(const NetHold *hold);
/* Back to the host's network namespace, giving up the locks. */
void network_hold_done(NetHold *hold);

/* Takes down what is left outside a pod that is gone; may be repeated. final: links too, should the kernel not have
 * dropped them because somebody is still in the namespace. Goes on after errors; returns the first. 1: it was the last
 * one, and it is time for the next function. */
int network_detach(int pod_fd, const char *uuid, bool final, char **reterr_message);
/* Removes the table of rules, unless a pod uses it. By itself since it is slow, 5 to 15 ms of waiting for the kernel,
 * and nobody else has to wait for it. */
int network_remove_idle(char **reterr_message);
/* Makes the table of rules anew for all pods that run, in place of what is left of it, and has the host route again.
 * Connections that there are go on. What CNI plugins made is theirs. */
int network_reload(char **reterr_message);
/* Whether all is there that should be, and what CNI plugins say of theirs (CHECK). netns is a path. */
int network_check(int pod_fd, const char *uuid, const char *netns, char **reterr_message);
