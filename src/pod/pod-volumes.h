/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "manifest/appc-pod.h"

/* Adds a mount at each mount point of an app at which nothing is mounted yet: of the pod's volume with the same name,
 * else of an empty volume for the app, called APP-MOUNTPOINT as with rkt (its Documentation/subcommands/run.md,
 * "Mounting Volumes"), or with fill, as with Docker, of one that starts with the image's files at that place. For each
 * of the latter two a line is added to *warnings. -EEXIST: that name is taken. */
int pod_imply_volumes(AppcPod *pod, AppcPodApp *app, bool fill, char ***warnings, char **reterr_message);

/* Whether a mount is one that pod_imply_volumes() added: only the image asks for it. */
bool pod_volume_is_implied(const AppcPodApp *app, const Mount *mount, const Volume *volume);

/* Whether a path is the root of an app, or is or lies below a place that the kernel or systemd provides in it: an image
 * does not get a volume there, whether it names the path or has a link to it. The path is normalised (path_clean()). */
bool pod_place_is_reserved(const char *path);
