/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "stage1/app-root.h"
#include "stage1/late-mounts.h"

/* What an app needs in the pod once its root is mounted there, whether the pod is starting or runs already. root_fd is
 * the pod's root, base the first of its user IDs. */

/* Makes its working directory, and finds its user, its programs, and what systemd has to bind for it. */
int app_look_up(const PlanApp *app, const LateMounts *late, int root_fd, uid_t base, AppIdentity *ret,
                char **reterr_message);

/* Mounts a socket of the host among the app's files for its launcher, which have such names (inside/launch-places.h).
 * Nothing is done if it is missing. userns_fd: -EBADF, unless root of the pod is to own it. */
int app_mount_socket(const PlanApp *app, const char *source, int userns_fd, const char *name, int root_fd, uid_t base);
/* That of the host's journal, if the app or what accompanies it writes there. */
int app_mount_journal(const PlanApp *app, int root_fd, uid_t base);
/* That of its log file, if it has one. */
int app_mount_log_file(const PodPlan *plan, const PlanApp *app, int root_fd, uid_t base);
