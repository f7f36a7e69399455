/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <json-c/json.h>

#include "basic/digest.h"
#include "basic/strv.h"
#include "shared/json-error.h"

/* JSON objects and C structs, connected by tables: a row names a member, its type and where it lies in the struct.
 * The type knows how to read, write and free it, so one table serves all three, and a struct whose reading failed
 * half way can be freed like any other. Structs start zeroed.
 *
 * Members without a row are ignored, unless the reader is strict; null is the same as absent; if a name occurs
 * twice, the last one counts (as with json-c). Errors: -EBADMSG, not valid JSON; -EINVAL, JSON but not what was
 * asked for; -EOPNOTSUPP, valid but of a version or kind this program does not know; -E2BIG. Nothing here logs. */

static inline void json_object_putp(json_object **o)
{
        (void) json_object_put(*o);
}
#define _cleanup_json_object_ _cleanup_(json_object_putp)

/* Parses text. Rejected: more than JSON_MAX_SIZE bytes, nesting deeper than JSON_MAX_DEPTH, invalid UTF-8, anything
 * after the value, NUL characters (escaped ones too, since names and values become C strings), numbers beyond 64
 * bits. */
#define JSON_MAX_SIZE (4U * 1024 * 1024)
#define JSON_MAX_DEPTH 64

int json_parse_memory(const char *data, size_t n, json_object **ret, JsonError *e);
int json_parse_file_at(int dir_fd, const char *path, json_object **ret, JsonError *e);

/* Both can be shown on a terminal, whatever is in the strings. */

/* Indented text with a newline at its end. */
int json_format_pretty(json_object *o, char **ret);
/* The shortest text. */
int json_format_compact(json_object *o, char **ret);

/* Tables */

typedef struct JsonType JsonType;

typedef enum JsonFlags {
        JSON_MANDATORY = 1 << 0, /* must be there; is written even when empty */
        JSON_NONEMPTY = 1 << 1,  /* string, list or map: empty ones are rejected */
} JsonFlags;

typedef struct JsonField {
        const char *name;
        const JsonType *type;
        size_t offset;
        unsigned flags;
} JsonField;

/* Tables end with an empty row. Check, if set, is called once all rows were read; it also gets the JSON object, to tell
 * absent from zero, and may fill in defaults. */
typedef int (*JsonCheck)(void *p, json_object *o, JsonError *e);

struct JsonType {
        /* Object is neither NULL nor null. */
        int (*read)(const JsonType *type, json_object *o, void *p, JsonError *e);
        /* Leaves *ret NULL for a value that need not be written. */
        int (*write)(const JsonType *type, const void *p, json_object **ret);
        /* Frees the value at p and zeroes it. NULL: nothing to free. */
        void (*free)(const JsonType *type, void *p);
        /* "expected …" in the message; also decides what JSON_NONEMPTY means. */
        json_type json;
        /* For types made from a table: the struct's. */
        const JsonField *table;
        size_t size;
        JsonCheck check;
};

/* Reads into a zeroed struct. On failure the caller frees the struct with json_table_free() all the same. */
int json_table_read(const JsonField *table, json_object *o, void *p, JsonError *e);
/* Leaves out absent, empty and default members. */
int json_table_write(const JsonField *table, const void *p, json_object **ret);
/* Frees the members, not the struct, and leaves no pointers behind. */
void json_table_free(const JsonField *table, void *p);
/* Copies all members that have a row into a zeroed struct, checks included. */
int json_table_copy(const JsonType *type, const void *from, void *to);

/* Tristate members: zero, as in a fresh struct, means "not set". */
typedef enum Tristate {
        TRISTATE_UNSET,
        TRISTATE_NO,
        TRISTATE_YES,
} Tristate;

static inline bool tristate_or(Tristate t, bool otherwise)
{
        return t == TRISTATE_UNSET ? otherwise : t == TRISTATE_YES;
}

extern const JsonType json_string;     /* char * */
extern const JsonType json_strv;       /* char **, array of strings */
extern const JsonType json_string_map; /* char **, object of strings as "NAME=VALUE"; a name with '=' is rejected */
extern const JsonType json_labels;     /* the same, but a name with '=' is ignored, and null is empty */
extern const JsonType json_name_values; /* char **, array of {name, value} as "NAME=VALUE"; names unique */
extern const JsonType json_keys;       /* char **, the names of an object whose values are ignored */
extern const JsonType json_boolean;    /* bool, default false */
extern const JsonType json_tristate;   /* Tristate */
extern const JsonType json_int64;      /* int64_t, default 0 */
extern const JsonType json_uint64;     /* uint64_t, default 0 */
extern const JsonType json_uint32;     /* uint32_t, default 0 */
extern const JsonType json_uint32_list; /* uint32_t *, followed directly by its size_t count */
extern const JsonType json_raw;        /* json_object *, any value, with its own reference */
extern const JsonType json_digest;     /* Digest; absent has an empty .hex */
extern const JsonType json_digest_list; /* Digest *, followed directly by its size_t count */

/* Methods for types made from a table: the struct in place; a pointer to one, NULL when absent; an array of them, a
 * pointer followed directly by its size_t count (`Foo *foos; size_t n_foos;`). */
int json_struct_read(const JsonType *type, json_object *o, void *p, JsonError *e);
int json_struct_write(const JsonType *type, const void *p, json_object **ret);
void json_struct_free(const JsonType *type, void *p);
int json_pointer_read(const JsonType *type, json_object *o, void *p, JsonError *e);
int json_pointer_write(const JsonType *type, const void *p, json_object **ret);
void json_pointer_free(const JsonType *type, void *p);
int json_array_read(const JsonType *type, json_object *o, void *p, JsonError *e);
int json_array_write(const JsonType *type, const void *p, json_object **ret);
void json_array_free(const JsonType *type, void *p);

#define JSON_STRUCT(T, tbl, chk)                                                                               \
        { .read = json_struct_read, .write = json_struct_write, .free = json_struct_free,                      \
          .json = json_type_object, .table = (tbl), .size = sizeof(T), .check = (chk) }
#define JSON_POINTER(T, tbl, chk)                                                                              \
        { .read = json_pointer_read, .write = json_pointer_write, .free = json_pointer_free,                   \
          .json = json_type_object, .table = (tbl), .size = sizeof(T), .check = (chk) }
#define JSON_ARRAY(T, tbl, chk)                                                                                \
        { .read = json_array_read, .write = json_array_write, .free = json_array_free,                         \
          .json = json_type_array, .table = (tbl), .size = sizeof(T), .check = (chk) }

/* The member of an object, if it is of that type; else NULL. o may be anything. */
json_object *json_member(json_object *o, const char *name, json_type type);
/* Null, or a text, list or object with nothing in it. */
bool json_is_empty(json_object *o);

/* Whole documents: allocates a struct of a type, reads it, and frees it again on failure. The struct is released
 * with json_document_free(). */
int json_document_read(const JsonType *type, json_object *o, void **ret, JsonError *e);
int json_document_parse(const JsonType *type, const char *data, size_t n, void **ret, JsonError *e);
/* For a file whose further mistakes are looked for in what it makes: a value that is wrong or missing is left out, or,
 * if it must be there, empty; one of a list that only its own check refuses stays. e names each, in .left_out, and
 * becomes strict. *ret is set unless it is -ENOMEM, or o is not an object at all. */
int json_document_read_rest(const JsonType *type, json_object *o, void **ret, JsonError *e);
void *json_document_free(const JsonType *type, void *p);
