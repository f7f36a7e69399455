/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "pod/pod.h"

/* The root of an app whose pod has ended, as the app saw it: its image's layers and what it wrote, with user IDs as
 * they were in there, but without volumes. It is mounted read-only in a mount namespace of our own, which this process
 * enters for good; so it works after a reboot too, and nothing is left of it. Returns the directory's fd. -ENOENT: the
 * app was never started, or a layer is gone. The caller keeps the pod from being moved. */
int app_view_open(const Pod *pod, const char *app, char **reterr_message);
/* The same, and what it wrote alone, as overlayfs keeps that: *ret_upper. */
int app_view_open_upper(const Pod *pod, const char *app, int *ret_upper, char **reterr_message);
