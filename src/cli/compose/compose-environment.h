/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cli/compose/run-args.h"
#include "manifest/app.h"

/* The variables that a command line gives an app, lowest first: the caller's (--inherit-env) that the image does not
 * have, --set-env-file, --set-env, --environment. Logs. */
int environment_of_args(const RunArgs *args, const RunApp *run, const App *of_image, char ***ret);

/* Sets them, over those of the image. Logs. */
int compose_environment(const AppOptions *said, App *app);
