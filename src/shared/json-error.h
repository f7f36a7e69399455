/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <json-c/json.h>

#include "basic/strv.h"

/* Describes what was wrong, in one line that begins with the path of the member if there is one: "apps[1].image.id:
 * expected a string". Start with {}; the caller adds the name of the file. Every JsonError parameter may be NULL.
 *
 * A JsonError that starts with .strict is for text that people write by hand: a member without a row is a mistake,
 * reported with the most similar known name, unless it belongs to an extension, with a '.' or '/' in its name; and
 * reading continues after a mistake, to find them all.
 *
 * With .rest, which json_document_read_rest() sets, what is wrong is left out, and the rest is what was read: for
 * callers that look for further mistakes in it. */

/* The path is the first n_path bytes of the text, with ": " behind it; names of members may have that, too. */
typedef struct JsonMistake {
        char *text;
        size_t n_path;
} JsonMistake;

typedef struct JsonError {
        char *message;
        size_t n_path; /* of the message's path */
        bool has_path;
        bool strict, rest;
        JsonMistake *more;  /* strict: the mistakes after the first that begin with a path */
        size_t n_more, allocated_more;
        char **own;         /* strict: the mistakes without a path so far, about the object that is being read */
        char **passed_over; /* strict: the paths of members of extensions */
        char **left_out;    /* rest: the paths of values that were wrong or missing */
} JsonError;

void json_error_clear(JsonError *e);
#define _cleanup_json_error_ _cleanup_(json_error_clear)

/* Sets the message unless there is one already. Member is the path it belongs to, or NULL. Returns r, so that the
 * caller can return it in the same line. */
int json_error_set(JsonError *e, int r, const char *member, const char *format, ...) _printf_(4, 5);
/* For checks that go on after a mistake: strict readers get it as well as those before. */
int json_error_add(JsonError *e, int r, const char *member, const char *format, ...) _printf_(4, 5);
/* Puts "member." or "member[index]." before the path, on the way out of a nested object. Returns r. */
int json_error_below(JsonError *e, int r, const char *member);
int json_error_below_index(JsonError *e, int r, const char *member, size_t index);
/* For callers that read several values in a row: each has its own JsonError, which is then appended to the overall one.
 * Returns r; strict readers continue then, and return the first negative r at the end. */
JsonError json_error_part(const JsonError *e);
int json_error_join(JsonError *e, JsonError *part, int r);
/* Whether something that is wrong at the path, NULL for the object itself, may only follow from what is left out: at
 * it, in it, or in what it is a direct part of. */
bool json_left_out_explains(char *const *left_out, const char *path);
/* Drops the mistakes that may only follow from what is left out. */
int json_error_drop_explained(JsonError *e, char *const *left_out);
/* Whether the value at the path is left out, or something in it. */
bool json_left_out_in(char *const *left_out, const char *path);
/* Whether the value at the path is left out, or is a part of one that is. */
bool json_left_out_has(char *const *left_out, const char *path);
/* All mistakes that were found. The caller frees the array; the texts stay the error's. */
int json_error_all(const JsonError *e, JsonMistake **ret, size_t *ret_n);
static inline bool json_error_is_strict(const JsonError *e)
{
        return e && e->strict;
}
static inline bool json_error_reads_rest(const JsonError *e)
{
        return e && e->rest;
}
/* For the wrong kind of value: "expected a string". */
int json_error_expected(JsonError *e, json_type wanted);
/* The message, or a text for r if there is none (out of memory, reading failed). */
const char *json_error_message(const JsonError *e, int r);
