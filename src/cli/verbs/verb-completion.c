/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/log.h"
#include "cli/verbs/verbs.h"
#include "completion.h"

static int run(Context *c, void *userdata, char **words)
{
        static const struct {
                const char *shell;
                const char *script;
        } scripts[] = {
                { "bash", COMPLETION_BASH },
                { "fish", COMPLETION_FISH },
                { "zsh", COMPLETION_ZSH },
        };

        for (size_t i = 0; i < ELEMENTSOF(scripts); i++)
                if (streq(scripts[i].shell, words[0])) {
                        (void) fputs(scripts[i].script, stdout);
                        return 0;
                }
        return log_error_errno(EINVAL, "There is no completion for '%s', only for bash, fish and zsh", words[0]);
}

const Verb verb_completion = {
        .name = "completion",
        .usage = "SHELL",
        .summary = "Print the script for completion in a shell",
        .min_words = 1,
        .completes = "bash|fish|zsh",
        .max_words = 1,
        .run = run,
};
