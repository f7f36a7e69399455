/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "pod/pod-plan.h"

/* Secrets on their way from the host to the apps that ask for them (systemd.exec(5), "Credentials"): read, and
 * decrypted where they are encrypted, into memory that is never swapped out and that only this process and
 * systemd-nspawn see; from there nspawn hands them to the pod's PID 1, which gives each app its own. */

/* Mounts such memory on directory, which need not exist, puts all the pod's credentials into it as APP.NAME, and makes
 * the options that name them to nspawn. Does nothing for a pod without credentials. */
/* Loads those of one app, as files "APP.NAME" of a directory in memory, which is made, and all of which is owner's. */
int app_credentials_load(const AppcPodApp *app, const char *directory, uid_t owner, char **reterr_message);

int pod_credentials_load(const PodPlan *plan, const char *directory, char ***ret_options, char **reterr_message);
