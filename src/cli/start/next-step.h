/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cli/context.h"

/* Says what to type next, once the file of a pod of pods.d was written. A pod that runs goes on as it is. timer: a
 * timer starts the pod. */
void tell_next_step(Context *c, const char *name, bool timer);
