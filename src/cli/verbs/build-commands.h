/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cli/verbs/build-run.h"

/* The commands of `podctl build`, a row each; a script of them is read by the same rows. */

extern const Option build_options[];
/* As in OptionSet: words of a program's command line are not options of ours. */
const char *build_option_remedy(char *const *before);
bool build_options_end(char *const *words);

/* Where the build is, in the working directory. */
#define BUILD_DIRECTORY ".podctl-build"

/* Carries out "COMMAND WORD…". Logs. -EINVAL: it is none, or does not take these words or options. */
int build_command_run(Context *context, const BuildArgs *args, char **words);
