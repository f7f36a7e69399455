/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cli/compose/run-args.h"
#include "manifest/appc-pod.h"

/* What the options --health-… say: they replace the check of the app's image, or change its times. Logs. */
int compose_health(const RunApp *run, AppcPodApp *app);
