/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/log.h"
#include "cli/start/attach-app.h"
#include "cli/verbs/verbs.h"

typedef struct Args {
        char *app;
        char *mode;
        char *detach_keys;
} Args;

static const Option options[] = {
        { "app", &option_string, offsetof(Args, app), "APP", "The app, if the pod has several" },
        { "detach-keys", &option_string, offsetof(Args, detach_keys), "KEY,…",
          "Keys that detach from a terminal, " DETACH_KEYS_DEFAULT },
        { "mode", &option_string, offsetof(Args, mode), "MODE",
          "auto, list, tty, tty-in, tty-out, or some of stdin,stdout,stderr" },
        {},
};

static const struct {
        const char *word;
        uint8_t channels;
} modes[] = {
        { "stdin", ATTACH_STDIN },
        { "stdout", ATTACH_STDOUT },
        { "stderr", ATTACH_STDERR },
        { "tty", ATTACH_ANY_TTY },
        { "tty-in", ATTACH_TTY_IN },
        { "tty-out", ATTACH_TTY_OUT },
};

static int add_channels(const char *word, uint8_t *channels)
{
        for (size_t i = 0; i < ELEMENTSOF(modes); i++)
                if (streq(modes[i].word, word)) {
                        *channels |= modes[i].channels;
                        return 0;
                }
        return log_error_errno(EINVAL, "Option --mode takes auto, list, tty, tty-in, tty-out, or some of stdin, stdout "
                               "and stderr, separated by commas, not '%s'", word);
}

/* 0: all that there is. */
static int read_mode(const char *mode, uint8_t *ret)
{
        _cleanup_strv_free_ char **words = NULL;
        int r = strv_split(mode, ',', &words);

        *ret = 0;
        if (r < 0)
                return log_oom();
        if (streq(mode, "auto"))
                return 0;
        if (!words)
                return add_channels(mode, ret);
        STRV_FOREACH(word, words) {
                r = add_channels(*word, ret);
                if (r < 0)
                        return r;
        }
        if ((*ret & ATTACH_ANY_TTY) && (*ret & ~ATTACH_ANY_TTY))
                return log_error_errno(EINVAL, "Option --mode: '%s' names a terminal and streams; an app has one or "
                                       "the other", mode);
        return 0;
}

static int run(Context *c, void *userdata, char **words)
{
        const Args *args = userdata;
        const char *mode = isempty(args->mode) ? "auto" : args->mode;
        AttachmentOptions o = {};
        int r = detach_keys_option(args->detach_keys, &o.keys);

        if (r < 0)
                return r;
        if (streq(mode, "list"))
                return attach_list(c, words[0], args->app);
        r = read_mode(mode, &o.channels);
        if (r < 0)
                return r;
        /* Who is attached by chance, as in a script without a terminal, ends nothing. */
        o.ends_input = o.channels & ATTACH_STDIN;
        return attach_app(c, words[0], args->app, &o);
}

const Verb verb_attach = {
        .name = "attach",
        .usage = "POD",
        .summary = "Be connected to the terminal or streams of an app",
        .options = options,
        .args_size = sizeof(Args),
        .flags = VERB_ROOT | VERB_AFTER_ENDINGS,
        .min_words = 1,
        .max_words = 1,
        .completes = "POD",
        .run = run,
};
