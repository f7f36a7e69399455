/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "pod/pod-plan.h"

/* What a pod's own root could not do for its apps any more: kernel parameters of its namespaces, how far their OOM
 * scores may go down and their resource limits up, and that the labels they want exist. */

/* For the process that is about to become the pod, once it is in the pod's network namespace. With *reterr_message. */
int pod_limits_set(const PodPlan *plan, char **reterr_message);

/* Whether this host has the labels that an app wants, of AppArmor and SELinux. With *reterr_message. */
int app_labels_check(const PlanApp *app, char **reterr_message);

/* Options of systemd-nspawn for the resources whose limits apps name: the pod's PID 1 keeps what this process has of
 * them. */
int pod_limits_arguments(const PodPlan *plan, char ***argv);

/* The configuration of the pod's PID 1 that gives apps the OOM score this process has now, since its own is another:
 * see pod_limits_spare(). */
int pod_limits_config(char **ret);

/* For the process that is about to become the pod's PID 1: the kernel is not to end it for an app's sake. Where a group
 * is to end as a whole (memory.oom.group), that takes whoever shares memory with a process of it. PID 1 does while it
 * starts one there (vfork(2) into the group: systemd from 254 on), and only that of the host is spared by itself. On a
 * host that does not permit it, everything stays as it was. */
void pod_limits_spare(void);
