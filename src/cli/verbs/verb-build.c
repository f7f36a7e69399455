/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/verbs/build-commands.h"
#include "cli/verbs/verbs.h"

static int run(Context *c, void *userdata, char **words)
{
        return build_command_run(c, userdata, words);
}

const Verb verb_build = {
        .name = "build",
        .usage = "COMMAND [WORD…]|--file=FILE [DIR]",
        .summary = "Build an image, step by step",
        .options = build_options,
        .option_remedy = build_option_remedy,
        .options_end = build_options_end,
        .args_size = sizeof(BuildArgs),
        .min_words = 0,
        .max_words = -1,
        .completes = "begin|add|copy|copy-to-dir|rm|run|annotation|cmd|dependency|entrypoint|env|health|isolator|label|"
                     "mount|port|post-stop|pre-start|stop-signal|supplementary-groups|user|volume|workdir|config|layer|"
                     "script|write|push|end FILE",
        .run = run,
};
