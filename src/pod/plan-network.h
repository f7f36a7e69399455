/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "pod/plan.h"

/* What the network has to do with a pod's plan: the ports that are forwarded, and the files in apps' /etc that follow
 * from names and addresses. Pure. */

/* Ports of the manifest as the network takes them. -EINVAL with a message. */
int plan_ports(const AppcPod *pod, const PodSettings *settings, NetPort **ret, size_t *ret_n, char ***ignored,
               char **reterr_message);

/* Whether the host has to forward any: what apps have sockets for can do without. */
bool plan_wants_forwards(const AppcPod *pod);

/* Whether /etc/resolv.conf of its apps is the host's, as long as no network says more. */
bool plan_follows_host_dns(const PodSettings *settings);

/* A file of apps' /etc. */
typedef struct PlanFile {
        const char *target;
        char *source;
        const char *what;
        bool if_source;
        bool if_absent;
        bool unless_volume; /* leaves /etc alone where that is a volume as a whole */
        bool shared;        /* belongs to the host, and is not to be written to */
        bool yields;        /* to a volume at the same place */
} PlanFile;

#define PLAN_FILES_MAX 3
int plan_files(const PodPlan *plan, PlanFile ret[static PLAN_FILES_MAX], size_t *ret_n);
