/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "pod/pod.h"
#include "stage1/app-root.h"

/* Who an app of a running pod is, by what its image says of users at the moment: only the user and its groups. The pod
 * is loaded. -ESRCH: the pod does not run, or the image has no such user any more. */
int app_user_find(Pod *pod, const char *app, AppIdentity *ret);
