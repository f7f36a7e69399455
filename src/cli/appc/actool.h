/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cli/context.h"

/* actool as it was with appc 0.8.11: the program that podctl is under that name. Returns the exit status: 1 for
 * failures, 2 if the command line is not understood. */
int actool_run(Context *context, char **words);
