/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/start/enter-app.h"
#include "cli/verbs/verbs.h"

typedef struct Args {
        char *app;
} Args;

static const Option options[] = {
        { "app", &option_string, offsetof(Args, app), "APP", "The app, if the pod has several" },
        {},
};

static int run_enter(Context *c, void *userdata, char **words)
{
        const Args *args = userdata;

        return enter_app(c, words[0], args->app, true, words + 1);
}

static int run_exec(Context *c, void *userdata, char **words)
{
        const Args *args = userdata;

        return enter_app(c, words[0], args->app, false, words + 1);
}

const Verb verb_enter = {
        .name = "enter",
        .usage = "POD [COMMAND…]",
        .summary = "Run a command inside an app, as root",
        .options = options,
        .args_size = sizeof(Args),
        .options_end = verb_options_end_at_second_word,
        .flags = VERB_ROOT | VERB_AFTER_ENDINGS,
        .min_words = 1,
        .max_words = -1,
        .completes = "POD -",
        .run = run_enter,
};

const Verb verb_exec = {
        .name = "exec",
        .usage = "POD COMMAND…",
        .summary = "Run a command inside an app, as its user",
        .options = options,
        .args_size = sizeof(Args),
        .options_end = verb_options_end_at_second_word,
        .flags = VERB_ROOT | VERB_AFTER_ENDINGS,
        .min_words = 2,
        .max_words = -1,
        .completes = "POD -",
        .run = run_exec,
};
