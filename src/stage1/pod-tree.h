/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "pod/pod-plan.h"
#include "stage1/app-root.h"
#include "stage1/pod-sockets.h"

/* The pod's own root: a small tree in memory that lives and dies with the pod, around the host's /usr. It is what
 * systemd needs to be PID 1 (https://systemd.io/CONTAINER_INTERFACE), and no more. Units that are the same in every pod
 * come from PKGLIBDIR/units below /usr; what differs is written here. Files belong to the user of our fsuid. */

/* Where they are, below the root. */
#define POD_UNIT_DIR "etc/systemd/system"

/* Directories, links and files that do not depend on the apps. */
int pod_tree_make(const PodPlan *plan, int root_fd);

/* Users, groups and units of the apps, once their users and the paths of their programs are known. */
int pod_tree_add_apps(const PodPlan *plan, const AppIdentity *identities, int root_fd, char **reterr_message);
/* The units of one app, and what its launcher reads. */
int pod_tree_add_app(const PodPlan *plan, const PlanApp *app, const AppIdentity *identity, int root_fd,
                     char **reterr_message);
/* Units for the sockets of apps, wanted by a unit that is there before PID 1 hands out the sockets it was given. */
int pod_tree_add_sockets(const PodPlan *plan, const PodSockets *sockets, int root_fd);
/* Of one app, which wants them itself. */
int pod_tree_add_sockets_of_app(const PlanApp *app, const PodSockets *sockets, int root_fd);

/* Where PID 1 finds its units: for $SYSTEMD_UNIT_PATH. */
const char *pod_tree_unit_path(void);
