/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "pod/pod.h"

/* The processes of an app of a running pod, in its control group and those below it, as the host numbers them, in text;
 * not the one that carries its output to the journal, nor others of ours. -ENOENT: the app or the pod does not run. */
int app_processes(const Pod *pod, const char *app, char ***ret);
