/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cli/context.h"

/* A command beside an app of a running pod, confined exactly like it. */

/* app: NULL for the only one. as_root: as root of the pod, at "/"; otherwise as the app's user, where the app started.
 * A command without words is a shell. Returns its exit status, 128 plus the signal that ended it, or an error that was
 * logged. */
int enter_app(Context *c, const char *pod, const char *app, bool as_root, char **command);
/* The same as the app's user, for a limited time: the command is killed then. What it has started besides belongs to
 * the app, and ends with that. */
int enter_app_for(Context *c, const char *pod, const char *app, uint64_t usec, char **command);
