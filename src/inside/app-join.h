/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "inside/launch-options.h"

/* Takes this process to where the app of --join= is: into its control group, whose limits count and with which we end,
 * and its mounts. All other namespaces are the pod's. All is looked up through one directory of /proc, which stands for
 * this process alone, whatever process has its number later. */
void app_join(const LaunchOptions *l);
