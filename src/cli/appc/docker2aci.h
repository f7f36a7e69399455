/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cli/context.h"

/* docker2aci: the program that podctl is under that name. Returns the exit status: 1 for failures, 2 if the command
 * line is not understood. */
int docker2aci_run(Context *context, char **words);
