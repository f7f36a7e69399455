/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cli/context.h"

/* acbuild as it was in its last version, 0.4.0: the program that podctl is under that name. Returns the exit status: 1
 * for failures, 2 if what is to be removed is not there, 3 if the command line is not understood. */
int acbuild_run(Context *context, char **words);
