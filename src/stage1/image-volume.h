/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "stage1/mount-source.h"

/* A mount of the files of an image, attached nowhere yet: its layers stacked by overlayfs, with the pod's IDs,
 * read-only, and without devices and what setuid and file capabilities give. All mounts of an image in a context share
 * one stack. Programs in there can be executed, as with Kubernetes and podman: tools are what such volumes are for.
 * -ENOENT: there is nothing at the sub path. */
int image_volume_clone(const PlanMount *m, MountContext *context, char **reterr_message);
