/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "foreign/yaml/yaml-lines.h"

/* YAML as json-c values, so that JSON's tables and checks read it as well. Plain words mean what they mean to
 * Kubernetes' tools: YAML 1.1 without base 60, so that "yes" and "on" are booleans and 0644 is octal; times stay
 * strings. "<<" merges. Errors: -EBADMSG, -E2BIG, with "not valid YAML at line 3, column 7: …". Refused besides what
 * is not YAML: a name twice in one mapping, an alias within what it stands for, NUL, tags that no JSON value has, more
 * than YAML_MAX_SIZE bytes, nesting deeper than JSON_MAX_DEPTH, and aliases that multiply a text beyond
 * YAML_MAX_VALUES. */
#define YAML_MAX_VALUES 200000U

/* All documents of a text that are not empty, as an array. */
int yaml_parse_memory(const char *data, size_t n, json_object **ret, YamlLines **ret_lines, JsonError *e);

/* The same, but names of members and numbers are texts as they are written: "n" and "0x10" stay that, and 1.10. */
int yaml_parse_named(const char *data, size_t n, json_object **ret, YamlLines **ret_lines, JsonError *e);

/* The same, but plain words are null or text, as they are written: who reads them knows what they mean. Members may
 * have the tags !reset and !override, which the lines then have. */
int yaml_parse_texts(const char *data, size_t n, json_object **ret, YamlLines **ret_lines, JsonError *e);
