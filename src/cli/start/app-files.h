/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "pod/pod.h"

/* The files of an app, for commands that read or write them from outside. Whatever is opened below these has to be
 * opened in the root, since the app may be hostile (basic/fs.h, open_in_root()). */

/* Opens the root of an app of a loaded pod. While the app runs, it is what the app sees, with its volumes; when only
 * the app has ended, what it has without its volumes; when the pod has, the same read-only. *ret_base: the first of the
 * pod's user IDs, as they are seen there, or 0. -EAGAIN: the app has not started yet, or has changed its root. */
int app_files_open(const Pod *pod, const char *app, uid_t *ret_base, char **reterr_message);

/* The root of an app of a running pod. -EAGAIN: the app has not started yet, or has changed its root. */
int app_root_open(const Pod *pod, const char *app);
