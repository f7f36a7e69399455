/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <json-c/json.h>

/* Writes documents, an array, as YAML that readers of YAML 1.1 and 1.2 understand alike: a text that could be anything
 * else is in quotes. */
int yaml_write(json_object *documents, FILE *f);
