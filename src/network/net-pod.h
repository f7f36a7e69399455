/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "network/net-state.h"

/* The properties of a pod that its networks need. */
typedef struct NetPod {
        int dir_fd;           /* of the pod on disk */
        const char *uuid;
        const char *name;
        const char *hostname; /* NULL: the name */
        char *const *apps;    /* their names */
        char *const *aliases; /* further names, for other pods of its networks */
        char *const *entries; /* "IP NAME", which only this pod sees */
        const NetJoin *joins;
        size_t n_joins;
        const NetPort *ports;
        size_t n_ports;
        gid_t first_gid;      /* of its groups, as the host numbers them */
        gid_t last_gid;
        uint64_t bandwidth;   /* of each link of a native network, bytes a second; 0: no limit */
} NetPod;
