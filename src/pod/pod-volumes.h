/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "manifest/appc-pod.h"

/* Gives the mount points of an app that nothing is mounted at the pod's volume of their name, else an empty one of
 * their own, called APP-MOUNTPOINT (rkt 4.9); with fill, as Docker has it, one that begins as what the image has
 * there. For each of the latter two a line is added to *warnings. -EEXIST: that name is taken. */
int pod_imply_volumes(AppcPod *pod, AppcPodApp *app, bool fill, char ***warnings, char **reterr_message);
