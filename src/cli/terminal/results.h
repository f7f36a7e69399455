/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "shared/json-table.h"
#include "shared/options.h"

/* --format=json and json-pretty. False when it is neither. */
bool print_json(json_object *o, const char *format);
#define JSON_FORMATS "json|json-pretty"

/* The option of verbs that print nothing else in it; the member is a char *. */
#define RESULTS_OPTION(type, member)                                                                                   \
        { "format", &option_choice, offsetof(type, member), "FORMAT", "json or json-pretty", .choices = JSON_FORMATS }

/* What a verb has done: with --format a list of objects, printed at the end; otherwise each thing is printed as it is
 * done, in the words of the verb. Things that failed are not in the list: errors tell of them. */
typedef struct Results {
        const char *format;     /* NULL: in words */
        json_object *list;      /* NULL: in words */
} Results;

Results results_new(const char *format);
void results_done(Results *r);

/* A text of an object. NULL: the object goes without that member. */
typedef struct ResultMember {
        const char *name;
        const char *text;
} ResultMember;

/* results_add(r, { "pod", name }, { "uuid", uuid }): false when the verb has to use its own words. */
#define results_add(results, ...) results_add_members(results, (const ResultMember[]) { __VA_ARGS__, {} })
bool results_add_members(const Results *r, const ResultMember *members);
/* The same with an object that the list takes over. */
bool results_add_object(const Results *r, json_object *o);

void results_print(const Results *r);
