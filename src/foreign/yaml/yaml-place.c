/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "foreign/yaml/yaml-place.h"

/* Where values are. json-c has room for a pointer in each value, but 0.19 uses that itself when it frees them. */

/* Both numbers in the 32 bits that every pointer has: no text has more lines than YAML_MAX_SIZE, and lines may be
 * longer than what is told of a column. */
#define LINE_BITS 20
#define COLUMN_MAX 4095U
static_assert(YAML_MAX_SIZE <= 1U << LINE_BITS, "lines do not fit");

static uint32_t place_pack(JsonPlace place)
{
        return (uint32_t) (MIN(place.column, (size_t) COLUMN_MAX) << LINE_BITS | (place.line - 1));
}

static JsonPlace place_unpack(uintptr_t packed)
{
        return (JsonPlace) { .line = (packed & ((1U << LINE_BITS) - 1)) + 1, .column = packed >> LINE_BITS };
}

static void packed_set(YamlLines *lines, const void *o, uintptr_t packed)
{
        struct lh_entry *entry = o ? lh_table_lookup_entry(lines, o) : NULL;
        void *value = (void *) packed; /* NOLINT(performance-no-int-to-ptr) */

        if (entry)
                lh_entry_set_val(entry, value);
        else if (o)
                (void) lh_table_insert(lines, o, value);
}

static uintptr_t packed_of(YamlLines *lines, const void *o)
{
        void *packed = NULL;

        return o && lh_table_lookup_ex(lines, o, &packed) ? (uintptr_t) packed : 0;
}

void yaml_place_set(YamlLines *lines, const void *key, JsonPlace place)
{
        packed_set(lines, key, place_pack(place));
}

void yaml_place_copy(YamlLines *lines, const void *to, const void *from)
{
        packed_set(lines, to, packed_of(lines, from));
}

JsonPlace yaml_place_of_value(YamlLines *lines, const json_object *o)
{
        uintptr_t packed = packed_of(lines, o);

        return packed ? place_unpack(packed) : (JsonPlace) {};
}

const void *yaml_member_key(json_object *object, const char *name)
{
        const struct lh_entry *entry = lh_table_lookup_entry(json_object_get_object(object), name);

        return entry ? lh_entry_k(entry) : NULL;
}

const void *yaml_element_key(json_object *array, size_t index)
{
        return &json_object_get_array(array)->array[index];
}

YamlLines *yaml_lines_free(YamlLines *lines)
{
        if (lines)
                lh_table_free(lines);
        return NULL;
}

/* As in json-locate.c: the shortest name that exists is taken, since names may contain what ends them in a path. */
static const void *step_member(json_object *o, const char **path)
{
        const char *name = *path + (**path == '.');

        for (size_t n = strcspn(name, ".[: "); name[0]; n += strcspn(name + n + 1, ".[: ") + 1) {
                _cleanup_free_ char *member = strndup(name, n);
                json_object *into = NULL;

                if (n > 0 && member && json_object_object_get_ex(o, member, &into)) {
                        *path = into ? name + n : "";
                        return into ?: yaml_member_key(o, member);
                }
                if (!name[n])
                        break;
        }
        return NULL;
}

/* A value; or the name of a member or the slot of an element that is null, where the path ends. */
static const void *step(json_object *o, const char **path)
{
        unsigned long index;
        char *end;

        if (**path != '[')
                return json_object_is_type(o, json_type_object) ? step_member(o, path) : NULL;
        index = strtoul(*path + 1, &end, 10);
        *path = end + (*end == ']');
        if (!json_object_is_type(o, json_type_array) || index >= json_object_array_length(o))
                return NULL;
        if (!json_object_array_get_idx(o, index)) {
                *path = "";
                return yaml_element_key(o, index);
        }
        return json_object_array_get_idx(o, index);
}

JsonPlace yaml_place_of(YamlDocument document, const char *path)
{
        const void *o = document.value;
        uintptr_t packed = packed_of(document.lines, o);

        while (o && *path && *path != ':' && *path != ' ') {
                o = step((json_object *) o, &path);
                packed = packed_of(document.lines, o) ?: packed;
        }
        return packed ? place_unpack(packed) : (JsonPlace) {};
}

size_t yaml_line_of(YamlDocument document, const char *path)
{
        return yaml_place_of(document, path).line;
}
