/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/strv.h"

/* Variables in files of Compose (Compose Specification, "Interpolation", and "Env_file format" of its services). */

/* Replaces $NAME, ${NAME}, and the forms with a default (-), a replacement (+) or an error (?); with a colon before
 * these, an empty value counts as none. "$$" is a dollar sign; other dollar signs stay. Names without a value and a
 * default are appended to missing. -EINVAL with a message: it is not valid, or an error that the text asks for. */
int composefile_expand(const char *text, char *const *environment, char ***missing, char **ret, char **reterr_message);

/* Reads a file of variables, whose values may use those of environment and those before them, and sets them in *env.
 * A name without "=" has its value in environment, or is left out. -EINVAL with a message that begins with the line. */
int composefile_variables_parse(const char *text, size_t n, char *const *environment, char ***env,
                                char **reterr_message);
