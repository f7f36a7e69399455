/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cli/context.h"

/* Watches the pod of a unit that was started with a new image. 1: it ran all the time, its apps with health checks are
 * healthy. 0: it did not; the reason was logged. Apps that are still starting at the end of the time are waited for.
 * Errors are logged. */
int update_watch(Context *c, const char *name, const char *unit, uint64_t usec);
