/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cli/compose/run-args.h"
#include "manifest/appc-pod.h"

/* The options --health-… of each kind of check: they replace the one of the app's image, change its times, or add one.
 * Logs. */
int compose_checks(const AppOptions *said, AppcPodApp *app);

/* --health-on-failure and --health-ready, for an app whose checks are complete. Logs. */
int compose_health(const RunApp *run, AppcPodApp *app);
