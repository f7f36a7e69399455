/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "manifest/appc-pod.h"

/* Gives the mount points of an app that nothing is mounted at the pod's volume of their name, else an empty one of
 * their own, called APP-MOUNTPOINT as with rkt (its Documentation/subcommands/run.md, "Mounting Volumes"); with fill,
 * as Docker has it, one that begins as what the image has there. For each of the latter two a line is added to
 * *warnings. -EEXIST: that name is taken. */
int pod_imply_volumes(AppcPod *pod, AppcPodApp *app, bool fill, char ***warnings, char **reterr_message);

/* Whether a mount is one that pod_imply_volumes() made: the image asks for it, and nobody else. */
bool pod_volume_is_implied(const AppcPodApp *app, const Mount *mount, const Volume *volume);

/* What the kernel and systemd have in an app: no image gets a volume at or below these places, whether it names them or
 * has links there. The path is clean. */
bool pod_place_is_reserved(const char *path);
