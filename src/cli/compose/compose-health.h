/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cli/compose/run-args.h"
#include "manifest/appc-pod.h"

/* What the options --health-… say: they replace the health check of the app's image, change its times, or add checks of
 * other kinds. Logs. */
int compose_health(const RunApp *run, AppcPodApp *app);
