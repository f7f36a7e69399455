/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <locale.h>
#include <poll.h>
#include <signal.h>

#include "basic/log.h"
#include "basic/nearest.h"
#include "cli/appc/acbuild.h"
#include "cli/appc/actool.h"
#include "cli/appc/docker2aci.h"
#include "cli/foreign-words.h"
#include "cli/group/group-helper.h"
#include "cli/persona.h"
#include "cli/verb.h"
#include "config.h"
#include "pod/pod-ending.h"

/* Options of the verb may also stand between the program and its verb, as rkt's users are used to; so the verb is
 * looked for first, past all options of any verb. */
static const Option *find_any_option(const char *word)
{
        const Option *o = options_find(context_options, word);

        for (size_t i = 0; !o && podctl_verbs[i]; i++)
                o = options_find(podctl_verbs[i]->options, word);
        return o;
}

static size_t skip_options(char **words)
{
        size_t i = 0;

        while (words[i] && words[i][0] == '-' && words[i][1] && !streq(words[i], "--")) {
                const Option *o = find_any_option(words[i]);

                i += o && option_takes_next_word(o, words[i]) && words[i + 1] ? 2 : 1;
        }
        return i;
}

/* The words without the verb's name; options from before the verb come first. */
static char **words_of_verb(char **words, size_t verb_at, size_t n_verb)
{
        _cleanup_strv_free_ char **own = new0(char *, 1);

        for (size_t i = 0; own && words[i]; i++)
                if ((i < verb_at || i >= verb_at + n_verb) && strv_extend(&own, words[i]) < 0)
                        return NULL;
        return TAKE_PTR(own);
}

static int check_words(const Verb *verb, char **words)
{
        int n = (int) strv_length(words);

        if (n < verb->min_words)
                return log_error_errno(EINVAL, "'podctl %s' needs %s; see 'podctl %s --help'", verb->name,
                                       verb->usage, verb->name);
        if (verb->max_words >= 0 && n > verb->max_words)
                return log_error_errno(EINVAL, "'podctl %s' does not take '%s'", verb->name,
                                       words[verb->max_words]);
        return 0;
}

/* Verbs that parse their own words print their own help. */
static bool asks_for_help(const Verb *verb, char *const *words)
{
        return (verb->flags & VERB_OWN_WORDS) && words[0] && (streq(words[0], "--help") || streq(words[0], "-h"));
}

static int run_verb(const Verb *verb, Context *context, void *args, char **words)
{
        OptionSet sets[] = { { verb->options, args, foreign_option, verb->name, verb->option_remedy,
                               verb->options_end },
                             { context_options, context, foreign_option, verb->name },
                             {} };
        _cleanup_strv_free_ char **rest = NULL;
        const OptionSet *used = verb->options ? sets : sets + 1;
        int r;

        if (verb->flags & VERB_OWN_WORDS)
                r = (rest = strv_copy(words)) ? 0 : log_oom();
        else
                r = options_parse(used, words, &rest);
        if (r < 0)
                return r;

        if (context->help) {
                verb_print_help(verb, stdout);
                return 0;
        }
        if (!(verb->flags & VERB_OWN_WORDS)) {
                log_set_max_level(context->debug ? LOG_DEBUG : LOG_INFO);
                r = context_check(context);
                if (r < 0)
                        return r;
                r = check_words(verb, rest);
                if (r < 0)
                        return r;
        }
        if ((verb->flags & VERB_ROOT) && geteuid() != 0 && !asks_for_help(verb, rest))
                return log_error_errno(EPERM, "Cannot run '%s' as unprivileged user; become root", verb->name);
        /* With --dir it is the caller's own store, which the group's helper has no part in. */
        if ((verb->flags & VERB_GROUP) && geteuid() != 0 && !context->dir && group_helper_is_there())
                return group_helper_ask(verb, words);
        /* Scripts for rkt know no pods that are ending. */
        if ((verb->flags & VERB_AFTER_ENDINGS) || persona_is_rkt())
                pod_endings_wait();
        return verb->run(context, args, rest);
}

static int dispatch(const Verb *verb, Context *context, char **words)
{
        _cleanup_free_ void *args = calloc(1, MAX(verb->args_size, (size_t) 1));
        int r;

        if (!args)
                return log_oom();
        if (verb->presets)
                memcpy(args, verb->presets, verb->args_size);

        r = run_verb(verb, context, args, words);
        options_free(verb->options, args);
        return r < 0 ? EXIT_PODCTL_FAILED : r;
}

/* "image lst": the first word names a group of commands. */
static bool is_group(const char *word)
{
        for (size_t i = 0; podctl_verbs[i]; i++) {
                const char *rest = startswith(podctl_verbs[i]->name, word);
                if (rest && *rest == ' ')
                        return true;
        }
        return false;
}

static void suggest_command(const char *command, bool of_group)
{
        _cleanup_strv_free_ char **groups = NULL;
        Nearest near = { .written = command };

        for (size_t i = 0; podctl_verbs[i]; i++) {
                const char *name = podctl_verbs[i]->name, *space = strchr(name, ' ');

                if (podctl_verbs[i]->flags & VERB_HIDDEN)
                        continue;
                nearest_offer(&near, name);
                if (space && !of_group && strv_extendf(&groups, "%.*s", (int) (space - name), name) < 0)
                        return;
        }
        STRV_FOREACH(group, groups)
                nearest_offer(&near, *group);
        if (near.known)
                log_error("Unknown command '%s'; did you mean 'podctl %s'?", command, near.known);
        else
                log_error("Unknown command '%s'; see 'podctl --help'", command);
}

static int refuse_command(char *const *words)
{
        _cleanup_strv_free_ char **candidates = NULL;
        bool group = is_group(words[0]) && words[1] && words[1][0] != '-';
        _cleanup_free_ char *command = group ? strjoin(words[0], " ", words[1]) : strdup(words[0]);
        const char *of_group = command ? foreign_command(command) : NULL, *hint = of_group ?: foreign_command(words[0]);

        if (is_group(words[0]) && !group)
                log_error("'podctl %s' needs a command of its own; see 'podctl --help'", words[0]);
        else if (hint)
                log_error("Unknown command '%s': %s", of_group ? command : words[0], hint);
        else if (verb_candidates(words, &candidates) >= 0 && candidates) {
                _cleanup_free_ char *list = strv_join(candidates, ", ");

                log_error("Command '%s' could be any of: %s", strempty(command), strempty(list));
        } else
                suggest_command(strempty(command), group);
        return EXIT_USAGE;
}

/* No verb: only global options, and those that ask for help. */
static int run_without_verb(Context *context, char **words, size_t at)
{
        OptionSet sets[] = { { context_options, context }, {} };
        char **cursor = words;

        if (words[at])
                return refuse_command(words + at);
        while (*cursor)
                if (options_parse_one(sets, &cursor) <= 0)
                        return EXIT_USAGE;
        if (context->version) {
                (void) printf("podctl %s\n", PODCTL_VERSION);
                return 0;
        }
        podctl_print_help(context->help ? stdout : stderr);
        return context->help ? 0 : EXIT_USAGE;
}

/* Whether standard output is a pipe that is no longer read. */
static bool reader_has_gone(void)
{
        struct pollfd output = { .fd = STDOUT_FILENO };

        return poll(&output, 1, 0) > 0 && (output.revents & (POLLERR | POLLHUP));
}

/* For all verbs: output that could not be written, as to a full disk, is a failure. */
static int finish_output(int status)
{
        bool gone = reader_has_gone(), failed = ferror(stdout);
        int error = fclose(stdout) != 0 ? errno : 0;

        if ((!failed && error == 0) || gone || error == EPIPE)
                return status;
        (void) log_error_errno(error ?: EIO, "Cannot write the output: %m");
        return status != 0 ? status : EXIT_PODCTL_FAILED;
}

static int run_words(Context *context, char *argv[])
{
        _cleanup_strv_free_ char **words = NULL;
        size_t at = skip_options(argv), n = 0;
        const Verb *verb = verb_find(argv + at, &n);

        if (!verb)
                return run_without_verb(context, argv, at);
        words = words_of_verb(argv, at, n);
        if (!words) {
                (void) log_oom();
                return EXIT_PODCTL_FAILED;
        }
        return dispatch(verb, context, words);
}

/* Programs of their own, which have no verbs. */
static int (*const programs[_PERSONA_MAX])(Context *context, char **words) = {
        [PERSONA_ACBUILD] = acbuild_run,
        [PERSONA_ACTOOL] = actool_run,
        [PERSONA_DOCKER2ACI] = docker2aci_run,
};

int main(int argc, char *argv[])
{
        _cleanup_(context_done) Context context = {};

        persona_set(argv[0]);
        log_setup(persona_name());
        /* Names in archives are bytes; libarchive converts them by the locale, unless that takes all of them as they
         * are. Nothing else depends on a locale: messages are in English, numbers and dates the same for everybody. */
        (void) setlocale(LC_CTYPE, "C.UTF-8");
        (void) signal(SIGPIPE, SIG_IGN);

        if (programs[persona_get()])
                return finish_output(programs[persona_get()](&context, argv + 1));
        return finish_output(run_words(&context, argv + 1));
}
