/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cli/compose/run-args.h"

/* The drop-in of pod@NAME.service that goes with a file of pods.d: what is said of the unit, and has no place in the
 * pod's manifest. *ret stays NULL when there is nothing to say. Logs. */
int pod_drop_in_format(const RunArgs *args, char **ret);
