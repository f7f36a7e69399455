/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <json-c/linkhash.h>

#include "shared/json-locate.h"
#include "shared/json-table.h"

/* Bytes of a text. */
#define YAML_MAX_SIZE (1024U * 1024)

/* Where all values of a text are, as long as the values live. A member is where its name is. */
typedef struct lh_table YamlLines;

YamlLines *yaml_lines_free(YamlLines *lines);
DEFINE_TRIVIAL_CLEANUP_FUNC(YamlLines *, yaml_lines_free);

/* Columns beyond 4095 are that. */
JsonPlace yaml_place_of_value(YamlLines *lines, const json_object *o);

/* A document of a text; owns nothing. */
typedef struct YamlDocument {
        json_object *value;
        YamlLines *lines;
} YamlDocument;

/* Like json_place_of(). A path ends with a member whose value is null. */
JsonPlace yaml_place_of(YamlDocument document, const char *path);
/* Only the line. */
size_t yaml_line_of(YamlDocument document, const char *path);

/* How yaml-json.c notes where values are. Key: a value or, for null, which has no address, one of the two below. */

void yaml_place_set(YamlLines *lines, const void *key, JsonPlace place);
/* The same place for another key. */
void yaml_place_copy(YamlLines *lines, const void *to, const void *from);

/* The name of a member, as the object itself has it. */
const void *yaml_member_key(json_object *object, const char *name);
/* Where an array has an element, once nothing is added any more. */
const void *yaml_element_key(json_object *array, size_t index);
