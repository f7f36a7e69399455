/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "pod/pod-plan.h"
#include "pod/pod.h"

/* Writes the files for apps' /etc (plan-network.h) into the pod's directory, once its networks are known. */
int pod_write_etc(Pod *pod, const PodPlan *plan, char **reterr_message);
/* For a running pod: updates its /etc/resolv.conf, if that follows the host's. 1: it changed. */
int pod_refresh_etc(const Pod *pod);
