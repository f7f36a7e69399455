/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/persona.h"
#include "cli/verb.h"

/* How well the words name the verb: 0 not at all, 1 abbreviated, 2 fully. The first word of two, as in "image", is
 * not abbreviated on its own. */
static int match(const Verb *verb, char *const *words, size_t *ret_n_words)
{
        const char *second = strchr(verb->name, ' ');
        size_t first_length = second ? (size_t) (second - verb->name) : strlen(verb->name);
        size_t n0, n1;

        if (!words[0] || words[0][0] == '-')
                return 0;
        n0 = strlen(words[0]);
        if (n0 == 0 || n0 > first_length || strncmp(words[0], verb->name, n0) != 0)
                return 0;

        if (!second) {
                *ret_n_words = 1;
                return n0 == first_length ? 2 : 1;
        }
        if (n0 != first_length || !words[1])
                return 0;

        n1 = strlen(words[1]);
        if (n1 == 0 || strncmp(words[1], second + 1, n1) != 0)
                return 0;
        *ret_n_words = 2;
        return n1 == strlen(second + 1) ? 2 : 1;
}

const Verb *verb_find(char *const *words, size_t *ret_n_words)
{
        const Verb *found = NULL;
        size_t n = 0, n_found = 0, candidates = 0;

        for (size_t i = 0; podctl_verbs[i]; i++) {
                int how = match(podctl_verbs[i], words, &n);

                if (how == 2) {
                        *ret_n_words = n;
                        return podctl_verbs[i];
                }
                if (how == 1 && !(podctl_verbs[i]->flags & VERB_HIDDEN)) {
                        found = podctl_verbs[i];
                        n_found = n;
                        candidates++;
                }
        }

        *ret_n_words = n_found;
        return candidates == 1 ? found : NULL;
}

int verb_candidates(char *const *words, char ***ret_names)
{
        _cleanup_strv_free_ char **names = NULL;
        size_t n;

        for (size_t i = 0; podctl_verbs[i]; i++)
                if (!(podctl_verbs[i]->flags & VERB_HIDDEN) && match(podctl_verbs[i], words, &n) > 0 &&
                    strv_extend(&names, podctl_verbs[i]->name) < 0)
                        return -ENOMEM;
        *ret_names = TAKE_PTR(names);
        return 0;
}

/* rkt's pages, in its order. */
static void print_rkt_page(const char *name, const char *summary, const char *usage, const char *description, FILE *f)
{
        (void) fprintf(f, "NAME:\n  rkt%s%s - %s\n\nUSAGE:\n  rkt%s%s%s%s\n", *name ? " " : "", name, summary,
                       *name ? " " : "", name, *usage ? " " : "", usage);
        if (!*name)
                (void) fprintf(f, "\nVERSION:\n  %s\n\nCOMMANDS:\n", RKT_VERSION);
        for (size_t i = 0; !*name && podctl_verbs[i]; i++)
                if (!(podctl_verbs[i]->flags & VERB_HIDDEN))
                        (void) fprintf(f, "  %-20s %s\n", podctl_verbs[i]->name, podctl_verbs[i]->summary);
        (void) fprintf(f, "\nDESCRIPTION:\n  %s\n", description);
}

static void print_rkt_options(const char *heading, const Option *options, FILE *f)
{
        if (!options)
                return;
        (void) fprintf(f, "\n%s:\n", heading);
        options_print_help(options, f);
}

static void print_rkt_help(const Verb *verb, FILE *f)
{
        if (verb)
                print_rkt_page(verb->name, verb->summary, strempty(verb->usage), verb->summary, f);
        else
                print_rkt_page("", "the application container runner", "[command]",
                               "What rkt did, by podctl: see podctl(1).", f);
        print_rkt_options("OPTIONS", verb ? verb->options : NULL, f);
        print_rkt_options("OPTIONS OF AN APP, after its image", verb ? verb->app_options : NULL, f);
        print_rkt_options("GLOBAL OPTIONS", context_options, f);
}

bool verb_options_end_at_second_word(char *const *words)
{
        return words[0] && words[1];
}

void verb_print_help(const Verb *verb, FILE *f)
{
        if (persona_is_rkt()) {
                print_rkt_help(verb, f);
                return;
        }
        (void) fprintf(f, "podctl %s [OPTIONS]%s%s\n\n%s.\n", verb->name, verb->usage ? " " : "", strempty(verb->usage),
                       verb->summary);
        if (verb->options) {
                (void) fputs("\nOptions:\n", f);
                options_print_help(verb->options, f);
        }
        if (verb->app_options) {
                (void) fputs("\nOptions of an app, after its image:\n", f);
                options_print_help(verb->app_options, f);
        }
        (void) fputs("\nGlobal options:\n", f);
        options_print_help(context_options, f);
}

void podctl_print_help(FILE *f)
{
        if (persona_is_rkt()) {
                print_rkt_help(NULL, f);
                return;
        }
        (void) fputs("podctl [OPTIONS] COMMAND ...\n\nRun pods as native systemd machines.\n\nCommands:\n", f);
        for (size_t i = 0; podctl_verbs[i]; i++)
                if (!(podctl_verbs[i]->flags & VERB_HIDDEN))
                        (void) fprintf(f, "  %-20s %s\n", podctl_verbs[i]->name, podctl_verbs[i]->summary);
        (void) fputs("\nGlobal options:\n", f);
        options_print_help(context_options, f);
        (void) fputs("\nSee 'podctl COMMAND --help' and podctl(1) for more.\n", f);
}
