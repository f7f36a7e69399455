/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "pod/plan.h"

/* The part of a pod's plan that concerns the network: the ports that are forwarded, and the files in apps' /etc that
 * follow from names and addresses. Pure. */

/* Converts the ports of the manifest to those of the network. -EINVAL with a message. */
int plan_ports(const AppcPod *pod, const PodSettings *settings, NetPort **ret, size_t *ret_n, char ***ignored,
               char **reterr_message);

/* -EINVAL with a message: one cannot be forwarded, or two want the same port of the host. */
int plan_check_ports(const AppcPod *pod, char **reterr_message);

/* Whether the host has to forward any port; socket-activated ones can do without. */
bool plan_wants_forwards(const AppcPod *pod);

/* Whether its apps get the host's /etc/resolv.conf, as long as no network has name servers of its own. */
bool plan_follows_host_dns(const PodSettings *settings);

/* A file in the /etc of apps. */
typedef struct PlanFile {
        const char *target;
        char *source;
        const char *what;
        bool if_source;
        bool if_absent;
        bool unless_volume; /* skipped if /etc as a whole is a volume */
        bool shared;        /* belongs to the host, and must not be written to */
        bool yields;        /* skipped if there is a volume at the same place */
} PlanFile;

#define PLAN_FILES_MAX 3
int plan_files(const PodPlan *plan, PlanFile ret[static PLAN_FILES_MAX], size_t *ret_n);
