/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cli/compose/run-args.h"
#include "manifest/app.h"

/* What --memory=, --cpu=, --caps-retain=, --seccomp=, --rlimit= and their like say, in place of the image's isolators
 * of the same kind. Logs. */
int compose_isolators(const RunApp *run, App *app);
