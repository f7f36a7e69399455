/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cli/context.h"
#include "pod/plan.h"

/* pod@.service is the same for all engines. What a pod without an init needs to have otherwise there, since its app has
 * no service of its own, is written as a file beside the unit that lasts until the next boot, before files of the user
 * or of 'podctl create', which have precedence. The service manager is asked to read its units again if there is a
 * change. Logs. */
int unit_lines_apply(Context *c, const PodPlan *plan);
