/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <json-c/linkhash.h>

#include "shared/json-locate.h"
#include "shared/json-table.h"

/* Of a text, in bytes, so that its places fit. */
#define YAML_MAX_SIZE (1024U * 1024)

/* Where all values of a text are, as long as the values live. A member is where its name is. What is made of values
 * later, such as one of two, takes a place from one of them. */
typedef struct YamlLines YamlLines;

/* NULL: out of memory. */
YamlLines *yaml_lines_new(void);
YamlLines *yaml_lines_free(YamlLines *lines);
DEFINE_TRIVIAL_CLEANUP_FUNC(YamlLines *, yaml_lines_free);

/* Columns beyond 4095 are that. */
void yaml_lines_set(YamlLines *lines, const json_object *value, JsonPlace place);
/* The same for a member of an object, also one that is null. */
void yaml_lines_set_member(YamlLines *lines, json_object *object, const char *name, JsonPlace place);
/* And for an element of an array to which nothing is added any more. */
void yaml_lines_set_element(YamlLines *lines, json_object *array, size_t index, JsonPlace place);
/* The place of another value, if it has one; or of a member that is null, in another object. */
void yaml_lines_copy(YamlLines *lines, const json_object *to, const json_object *from);
void yaml_lines_copy_null(YamlLines *lines, json_object *to, json_object *from, const char *name);

JsonPlace yaml_place_of_value(YamlLines *lines, const json_object *value);

/* One document; owns nothing. */
typedef struct YamlDocument {
        json_object *value;
        YamlLines *lines;
} YamlDocument;

/* Like json_place_of(). A path ends with a member or an element that is null. */
JsonPlace yaml_place_of(YamlDocument document, const char *path);
/* Only the line. */
size_t yaml_line_of(YamlDocument document, const char *path);
/* The same for a value whose parts are of several texts: the place of the innermost part that has one, and the text. */
JsonPlace yaml_place_among(json_object *value, YamlLines *const *lines, size_t n, const char *path, size_t *ret_text);

/* What the tag of a member says of the member below it, where one file is put over another (Compose Specification,
 * "Merge and override"). */
typedef enum YamlMark {
        YAML_MARK_NONE,
        YAML_MARK_RESET,    /* !reset: there is no such member */
        YAML_MARK_OVERRIDE, /* !override: nothing of it stays */
} YamlMark;

/* YAML_MARK_NONE, if it is another tag. */
YamlMark yaml_mark_from_tag(const char *tag);
void yaml_lines_set_mark(YamlLines *lines, json_object *object, const char *name, YamlMark mark);
YamlMark yaml_mark_of(YamlLines *lines, json_object *object, const char *name);
