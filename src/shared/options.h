/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdio.h>

#include "basic/strv.h"

/* Command line options as rows of a table. The row defines how an option is spelled, what --help prints, what type its
 * value has and where it is stored in the verb's own argument struct; parsing, help, completion and freeing all read
 * the same rows. The spelling is the one rkt's users know: `--flag`, `--flag=value`, `--flag value`, `-f value`. */

typedef struct Option Option;

typedef struct OptionType {
        /* Stores value, which is NULL when the option was given without one. Logs its own errors. */
        int (*parse)(const Option *option, const char *value, void *field);
        /* Frees the value and clears the field: several rows may refer to one field. */
        void (*free)(void *field);
        enum {
                OPTION_VALUE_REQUIRED, /* --name=web, --name web */
                OPTION_VALUE_OPTIONAL, /* --net, --net=host; never the next word */
        } value;
} OptionType;

struct Option {
        const char *name;
        const OptionType *type;
        size_t offset;
        /* The name of the value in --help; NULL for a flag. "POD", "IMAGE", "APP", "FILE" and "DIR" are completed. */
        const char *metavar;
        const char *help; /* NULL: accepted, but not shown */
        char letter;      /* 0: long form only */
        /* "a|b|c": the only values accepted, for types that check them, and for completion. */
        const char *choices;
};

/* Types, for fields that are char *, char **, bool, int (tristate, preset to -1) and uint64_t. */
extern const OptionType option_string;   /* the last one wins */
extern const OptionType option_strv;     /* collects all of them */
extern const OptionType option_commas;   /* collects all, each a comma separated list */
extern const OptionType option_bool;     /* --flag, --flag=false */
extern const OptionType option_tristate; /* the same, but -1 when not given */
extern const OptionType option_uint64;
extern const OptionType option_duration; /* microseconds */
extern const OptionType option_size;     /* bytes */
extern const OptionType option_choice;   /* a string out of .choices */

/* A table and the struct that its offsets refer to. */
typedef struct OptionSet {
        const Option *options;
        void *target;
        /* Asked first: returns what to write instead of an option that users of other tools may try; NULL: it is not
         * one of those. */
        const char *(*hint)(const char *command, const char *word);
        const char *command;
        /* Of the first set: asked about a word that is no option, with the words before it; returns the remedy, or
         * NULL. */
        const char *(*remedy)(char *const *before);
        /* Of the first set: whether the last of these words, which are all so far that are no option, begins another
         * program's command line, so that no option comes after it. NULL: options may stand anywhere. */
        bool (*ends)(char *const *words);
} OptionSet;

/* Takes one option, with its value, off the front of *words and stores it; the sets end with one whose table is NULL.
 * 1: done. 0: the next word is not an option ("-", "--" and the end are not). -EINVAL: logged. */
int options_parse_one(const OptionSet *sets, char ***words);

/* Takes all options out of words, up to "--" or where the first set ends. The remaining words go to ret_rest. */
int options_parse(const OptionSet *sets, char **words, char ***ret_rest);

/* Whether the option was given, for types whose value is not zero then: texts, lists and flags. */
bool option_is_given(const Option *option, const void *target);

void options_free(const Option *options, void *target);

/* The row for "--name", "--name=…" or "-n"; NULL when there is none. */
const Option *options_find(const Option *options, const char *word);
/* True when the word is an option whose value is the next word. */
bool option_takes_next_word(const Option *option, const char *word);

void options_print_help(const Option *options, FILE *f);
