/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cli/context.h"

/* The verbs of podctl: a row each, a file each. --help, completion and the check of the man pages read the rows. */

typedef enum VerbFlags {
        VERB_HIDDEN = 1 << 0,    /* for our own units, not shown */
        VERB_ROOT = 1 << 1,      /* for root only */
        VERB_OWN_WORDS = 1 << 2, /* gets options among its words: their order matters */
        VERB_GROUP = 1 << 3,      /* for root, or members of a group by way of group-helper.h */
        VERB_AFTER_ENDINGS = 1 << 4, /* waits for pods that are ending (pod-ending.h) */
} VerbFlags;

typedef struct Verb {
        const char *name; /* may be two words: "image list" */
        const char *usage;
        const char *summary;
        const Option *options;
        const Option *app_options; /* behind the image they are for, see run-args.h */
        const char *(*option_remedy)(char *const *before); /* as in OptionSet */
        bool (*options_end)(char *const *words);           /* as in OptionSet */
        size_t args_size;
        /* Presets of the argument struct that are not zero. */
        const void *presets;
        unsigned flags;
        int min_words;
        int max_words; /* -1: any number */
        /* The kinds of its words, the last one for all further words: "POD", "PREPARED", "PLACE" (POD: or a file),
         * "MANIFEST" (of pods.d), "IMAGE", "VOLUME", "NETWORK", "FILE", "DIR", the words themselves with "|"
         * between, "-" for words that cannot be completed. NULL: there are none. */
        const char *completes;
        /* args is the struct that the options filled. Returns the exit status, or a negative errno, which the verb has
         * logged, for exit status 254. */
        int (*run)(Context *context, void *args, char **words);
} Verb;

/* All there are (cli/verbs/verbs.c); ends with NULL. */
extern const Verb *const podctl_verbs[];

/* For .options_end: of verbs whose second word begins another program's command line. */
bool verb_options_end_at_second_word(char *const *words);

void verb_print_help(const Verb *verb, FILE *f);
void podctl_print_help(FILE *f);

/* Finds a verb by its name, which may be abbreviated as long as that is unambiguous; *ret_n_words is the number of
 * words that the name takes on the command line. NULL: none. */
const Verb *verb_find(char *const *words, size_t *ret_n_words);
/* The names of all verbs that the words could abbreviate, except for hidden ones. */
int verb_candidates(char *const *words, char ***ret_names);
