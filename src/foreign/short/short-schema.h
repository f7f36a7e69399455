/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <json-c/json.h>

/* The JSON Schema (draft 2020-12) of pods.d's short form, from its members (short-members.h). NULL: out of memory. */
json_object *short_schema_new(void);
