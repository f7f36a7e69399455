/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cli/compose/run-args.h"
#include "manifest/app.h"

/* The variables that a command line gives an app, lowest first: --set-env-file, --set-env, --environment; and those of
 * the caller (--inherit-env), which are below the image's. Logs. */
int environment_of_args(const RunArgs *args, const RunApp *run, char ***ret, char ***ret_inherited);

/* Sets them. Logs. */
int compose_environment(const AppOptions *said, App *app);
