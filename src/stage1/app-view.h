/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "pod/pod.h"

/* The caller keeps the pod from being moved.
 *
 * The root of an app whose pod has ended, as the app saw it: its image's layers and what it wrote, with user IDs as
 * they were in there, but without volumes. Mounted read-only in a mount namespace of our own, into which this process
 * goes for good; so it works after a reboot too, and nothing is left of it. The directory's fd. -ENOENT: the app was
 * never started, or a layer is gone. */
int app_view_open(const Pod *pod, const char *app, char **reterr_message);
