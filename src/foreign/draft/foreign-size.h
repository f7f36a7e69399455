/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/macro.h"

/* Sizes as docker, podman and Compose write them: a number, which may have a decimal point, and b, k, m, g, t or p in
 * any case, with b or ib behind it or not. All are powers of 1024. */

/* What is told of one that is not valid. */
#define FOREIGN_SIZE_RULE "'%s' is not a valid size: a number, and b, k, m or g"

/* As podctl writes it: in bytes, or with Ki, Mi and so on where nothing is left over. -EINVAL, or -ENOMEM. */
int foreign_size_parse(const char *text, char **ret);
