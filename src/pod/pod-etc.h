/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "pod/pod-plan.h"
#include "pod/pod.h"

/* Writes the texts for apps' /etc (plan-network.h) into the pod's directory, when it is known what its networks are. */
int pod_write_etc(Pod *pod, const PodPlan *plan, char **reterr_message);
/* Of a pod that runs: has /etc/resolv.conf follow the host's, where it is that. 1: it changed. */
int pod_refresh_etc(const Pod *pod);
