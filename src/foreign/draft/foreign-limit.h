/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/macro.h"

/* Resource limits as docker, podman and Compose write them: NAME=SOFT[:HARD], where -1 is none. */

/* What is told of one that is not valid. */
#define FOREIGN_LIMIT_RULE "'%s' is not a valid limit: NAME=SOFT[:HARD], each a number, or -1 for none"

/* As podctl writes it, NAME in capitals and "infinity" for none. -EINVAL, or -ENOMEM. */
int foreign_limit_parse(const char *text, char **ret);
