/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/log.h"
#include "cli/verbs/verbs.h"

static int run(Context *c, void *userdata, char **words)
{
        const Verb *verb;
        size_t n;

        if (!words[0]) {
                podctl_print_help(stdout);
                return 0;
        }
        verb = verb_find(words, &n);
        if (!verb)
                return log_error_errno(EINVAL, "Unknown command '%s'; see 'podctl help'", words[0]);
        verb_print_help(verb, stdout);
        return 0;
}

const Verb verb_help = {
        .name = "help",
        .usage = "[COMMAND]",
        .summary = "Show help",
        .max_words = 2,
        .run = run,
};
