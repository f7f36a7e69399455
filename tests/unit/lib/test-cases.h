/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <criterion/criterion.h>

#include "basic/fs.h"
#include "basic/strv.h"
#include "shared/json-table.h"

/* Cases as data: our own in tests/data/cases, by the rule that each shows, which are always there, and those of a
 * directory beside the checkout ($PODCTL_CASES), which are tests of their own. */

/* What the parser under test does with one file; negative when it refuses. */
typedef int (*CaseParser)(const char *data, size_t n, JsonError *e);

/* Our JSON in C sources has single quotes. */
char *quoted(const char *s);

/* A file that is an array with something in it. */
json_object *read_rows(const char *path);

/* What a parser does with one area of cases. */
typedef struct CaseArea {
        const char *name;
        CaseParser parse;
        const char *const
                *deviations; /* "area/valid/010.json": cases from beside, which we judge the other way round */
} CaseArea;

/* {"accepted" or "refused": the rule, "value": the document, "says": part of the message} */
void run_own_cases(const CaseArea *areas, size_t n);

void skip_without_cases(void);
/* Below $PODCTL_CASES/AREA/, valid/ has what a parser must take and invalid/ what it must refuse. */
void run_outside_cases(const CaseArea *areas, size_t n);

/* Two tests: with our own cases, and with those from beside. */
#define CASE_TESTS(suite, areas)                                                                                       \
        Test(suite, cases)                                                                                             \
        {                                                                                                              \
                run_own_cases(areas, ELEMENTSOF(areas));                                                               \
        }                                                                                                              \
        Test(suite, cases_from_beside)                                                                                 \
        {                                                                                                              \
                run_outside_cases(areas, ELEMENTSOF(areas));                                                           \
        }

/* Rows of tests/data/tables/NAME.json, and those of $PODCTL_CASES/tables/NAME.json where that is there. */
json_object *open_table(const char *name);

/* The string member "name" of a row, or of the object "case" in it; NULL when it is not there. */
const char *row_string(json_object *row, const char *name);

/* A document of the tests' own, $PODCTL_TEST_DATA/NAME. */
char *read_data(const char *name, size_t *ret_size);

/* A document of ours cut off at each byte, and with each byte replaced: whatever the parser makes of it, it has to
 * survive, and to have a word for what it refuses. */
void run_damaged(const char *name, CaseParser parse);

/* Wraps a fragment into a document by printf() format and parses that. */
#define PARSE_WRAPPED(parser, format, data, e)                                                                 \
        ({                                                                                                     \
                _cleanup_free_ char *_document_ = strprintf(format, data);                                     \
                                                                                                               \
                cr_assert(_document_);                                                                         \
                parser(_document_, strlen(_document_), e);                                                     \
        })
