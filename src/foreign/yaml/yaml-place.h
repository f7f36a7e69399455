/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "foreign/yaml/yaml-json.h"

/* How yaml-json.c notes where values are. Key: a value or, for null, which has no address, one of the two below. */

void yaml_place_set(YamlLines *lines, const void *key, JsonPlace place);
/* The same place for another key. */
void yaml_place_copy(YamlLines *lines, const void *to, const void *from);

/* The name of a member, as the object itself has it. */
const void *yaml_member_key(json_object *object, const char *name);
/* Where an array has an element, once nothing is added any more. */
const void *yaml_element_key(json_object *array, size_t index);
