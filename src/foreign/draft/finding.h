/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/string-util.h"
#include "shared/json-locate.h"

/* What becomes of one place in somebody's file. */

typedef enum FindingState {
        FINDING_CARRIED,
        FINDING_CHANGED, /* carried over and somewhat different, or without a meaning on this host: a warning */
        FINDING_LOST,    /* something else, or something less confined, would run without it */
        _FINDING_STATE_MAX,
} FindingState;

typedef struct Finding {
        char *file;     /* NULL: the only one */
        size_t line;    /* 0: the whole file */
        size_t column;  /* 0: the whole line */
        char *member;   /* or key; NULL: the whole object */
        FindingState state;
        char *text;     /* NULL: there is nothing to say */
} Finding;

typedef struct Findings {
        Finding *items;
        size_t n, allocated;
} Findings;

void findings_done(Findings *f);

/* An empty member is none. Returns 0 or -ENOMEM. */
int findings_add(Findings *f, const char *file, size_t line, const char *member, FindingState state,
                 const char *format, ...) _printf_(6, 7);
/* The same for a place in the only file. */
int findings_add_at(Findings *f, JsonPlace place, const char *member, FindingState state, const char *format, ...)
        _printf_(5, 6);
/* The same; takes text, also on failure. */
int findings_add_text(Findings *f, const char *file, size_t line, const char *member, FindingState state, char *text);

/* Appends all that from has, which then is empty. -ENOMEM: nothing was moved. */
int findings_move(Findings *to, Findings *from);

size_t findings_count(const Findings *f, FindingState state);
/* By file, line, column and member. */
void findings_sort(Findings *f);
/* After it: leaves one of those of the same place and member, with the texts of the worst state. */
int findings_unite(Findings *f);

/* The last becomes part of an earlier one of the same place and member, if there is one. */
int findings_unite_last(Findings *f);

const char *finding_state_to_string(FindingState s);
/* Logs it, as an error if something is lost; file stands for the only one. */
void finding_log(const Finding *f, const char *file);
