/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cli/context.h"

/* What the image of a pod is good for, as its first minute shows. */
typedef enum UpdateVerdict {
        UPDATE_RUNS_BADLY, /* the reason was logged */
        UPDATE_RUNS_WELL,  /* it ran all the time, and its apps with health checks are healthy */
        UPDATE_WAS_STOPPED, /* by somebody: nothing is known */
} UpdateVerdict;

/* Watches the pod of a unit that was started with a new image, or is starting with it. A restart by hand changes
 * nothing. Apps that are still starting at the end of the time are waited for. Errors are logged. */
int update_watch(Context *c, const char *name, const char *unit, uint64_t usec);
