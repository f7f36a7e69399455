/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cli/update/pod-update.h"

/* Updates of many pods side by side, each in a process of its own. Only some of them fetch and restart at once; those
 * that run and are only watched make room for others. What the processes log begins with the pod's name. */

typedef int (*PodUpdateFunction)(Context *c, const char *name, const UpdateOptions *options, UpdateReport *report);

/* Reports on the pods in their order. What is wrong with one does not keep the others from being updated. Returns the
 * worst UpdateResult. */
int update_pods(Context *c, char *const *pods, PodUpdateFunction function, const UpdateOptions *options,
                UpdateReport *report);
