/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/string-util.h"
#include "foreign/yaml/yaml-lines.h"

/* json-c has room for a pointer in each value, but 0.19 uses that itself when it frees them. Keys: a value, or the name
 * that an object has for a member, for marks and for a member that is null, or the place in an array of a null. */
struct YamlLines {
        struct lh_table *places;
        struct lh_table *marks; /* NULL: there is none */
};

/* Both numbers in the 32 bits that every pointer has: no text has more lines than YAML_MAX_SIZE, and lines may be
 * longer than what is told of a column. */
#define LINE_BITS 20
#define COLUMN_MAX 4095U
static_assert(YAML_MAX_SIZE <= 1U << LINE_BITS, "lines do not fit");

static uintptr_t place_pack(JsonPlace place)
{
        return (uint32_t) (MIN(place.column, (size_t) COLUMN_MAX) << LINE_BITS | (place.line - 1));
}

static JsonPlace place_unpack(uintptr_t packed)
{
        return packed ? (JsonPlace) { .line = (packed & ((1U << LINE_BITS) - 1)) + 1, .column = packed >> LINE_BITS }
                      : (JsonPlace) {};
}

YamlLines *yaml_lines_new(void)
{
        YamlLines *lines = new0(YamlLines, 1);

        if (!lines)
                return NULL;
        lines->places = lh_kptr_table_new(64, NULL);
        return lines->places ? lines : yaml_lines_free(lines);
}

YamlLines *yaml_lines_free(YamlLines *lines)
{
        if (!lines)
                return NULL;
        if (lines->places)
                lh_table_free(lines->places);
        if (lines->marks)
                lh_table_free(lines->marks);
        free(lines);
        return NULL;
}

static void table_set(struct lh_table *table, const void *key, uintptr_t number)
{
        struct lh_entry *entry = key ? lh_table_lookup_entry(table, key) : NULL;
        void *value = (void *) number; /* NOLINT(performance-no-int-to-ptr) */

        if (entry)
                lh_entry_set_val(entry, value);
        else if (key)
                (void) lh_table_insert(table, key, value);
}

static uintptr_t table_get(struct lh_table *table, const void *key)
{
        void *number = NULL;

        return table && key && lh_table_lookup_ex(table, key, &number) ? (uintptr_t) number : 0;
}

/* As the object itself has it. */
static const void *member_name(json_object *object, const char *name)
{
        const struct lh_entry *entry = lh_table_lookup_entry(json_object_get_object(object), name);

        return entry ? lh_entry_k(entry) : NULL;
}

void yaml_lines_set(YamlLines *lines, const json_object *value, JsonPlace place)
{
        table_set(lines->places, value, place_pack(place));
}

void yaml_lines_set_member(YamlLines *lines, json_object *object, const char *name, JsonPlace place)
{
        json_object *value = NULL;

        (void) json_object_object_get_ex(object, name, &value);
        table_set(lines->places, value ?: member_name(object, name), place_pack(place));
}

static const void *element_place(json_object *array, size_t index)
{
        return &json_object_get_array(array)->array[index];
}

void yaml_lines_set_element(YamlLines *lines, json_object *array, size_t index, JsonPlace place)
{
        const json_object *value = json_object_array_get_idx(array, index);

        table_set(lines->places, value ?: element_place(array, index), place_pack(place));
}

static void copy_place(YamlLines *lines, const void *to, const void *from)
{
        uintptr_t packed = table_get(lines->places, from);

        if (packed)
                table_set(lines->places, to, packed);
}

void yaml_lines_copy(YamlLines *lines, const json_object *to, const json_object *from)
{
        copy_place(lines, to, from);
}

void yaml_lines_copy_null(YamlLines *lines, json_object *to, json_object *from, const char *name)
{
        copy_place(lines, member_name(to, name), member_name(from, name));
}

JsonPlace yaml_place_of_value(YamlLines *lines, const json_object *value)
{
        return place_unpack(table_get(lines->places, value));
}

/* Marks */

YamlMark yaml_mark_from_tag(const char *tag)
{
        return streq_ptr(tag, "!reset")      ? YAML_MARK_RESET
               : streq_ptr(tag, "!override") ? YAML_MARK_OVERRIDE
                                             : YAML_MARK_NONE;
}

void yaml_lines_set_mark(YamlLines *lines, json_object *object, const char *name, YamlMark mark)
{
        lines->marks = lines->marks ?: lh_kptr_table_new(16, NULL);
        if (lines->marks)
                table_set(lines->marks, member_name(object, name), mark);
}

YamlMark yaml_mark_of(YamlLines *lines, json_object *object, const char *name)
{
        return lines->marks ? (YamlMark) table_get(lines->marks, member_name(object, name)) : YAML_MARK_NONE;
}

/* Paths */

/* As in json-locate.c: the shortest name that exists is taken, since names may contain what ends them in a path. */
static const void *step_member(json_object *o, const char **path)
{
        const char *name = *path + (**path == '.');

        for (size_t n = strcspn(name, ".[: "); name[0]; n += strcspn(name + n + 1, ".[: ") + 1) {
                _cleanup_free_ char *member = strndup(name, n);
                json_object *into = NULL;

                if (n > 0 && member && json_object_object_get_ex(o, member, &into)) {
                        *path = into ? name + n : "";
                        return into ?: member_name(o, member);
                }
                if (!name[n])
                        break;
        }
        return NULL;
}

/* A value; or what stands for one that is null, where the path ends. */
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
        if (json_object_array_get_idx(o, index))
                return json_object_array_get_idx(o, index);
        *path = "";
        return element_place(o, index);
}

JsonPlace yaml_place_among(json_object *value, YamlLines *const *lines, size_t n, const char *path, size_t *ret_text)
{
        uintptr_t packed = 0;

        *ret_text = 0;
        for (const void *o = value; o; o = step((json_object *) o, &path)) {
                for (size_t i = 0; i < n; i++) {
                        uintptr_t here = table_get(lines[i]->places, o);

                        if (here)
                                *ret_text = i;
                        packed = here ?: packed;
                }
                if (!*path || *path == ':' || *path == ' ')
                        break;
        }
        return place_unpack(packed);
}

JsonPlace yaml_place_of(YamlDocument document, const char *path)
{
        size_t text;

        return yaml_place_among(document.value, &document.lines, 1, path, &text);
}

size_t yaml_line_of(YamlDocument document, const char *path)
{
        return yaml_place_of(document, path).line;
}
