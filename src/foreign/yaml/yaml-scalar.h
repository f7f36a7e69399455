/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "shared/json-table.h"

/* What a word of YAML means. Tag: the long form that was written, or NULL; plain: without quotes, and not a block.
 * -EINVAL: it is not a valid value of its tag; -EOPNOTSUPP: the tag means nothing in JSON. *ret is NULL for null. */
int yaml_scalar(const char *text, size_t n, const char *tag, bool plain, json_object **ret);
bool yaml_scalar_is_null(const char *text);
