/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cli/compose/run-args.h"
#include "manifest/app.h"

/* The app's variables, lowest first: the caller's (--inherit-env), the image's, --set-env-file, --set-env,
 * --environment. Logs. */
int compose_environment(const RunArgs *args, const RunApp *run, App *app);
