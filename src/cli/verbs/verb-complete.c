/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/log.h"
#include "cli/verbs/verbs.h"
#include "network/net-config.h"
#include "pod/pods-d.h"

/* Answers a shell's question of what may come next: "podctl complete WORD…" with all words up to the one that is being
 * written, which may be empty. One answer a line; "@files" and "@directories" mean the shell's own. */

static void print_if(const char *word, const char *prefix)
{
        if (startswith(word, prefix))
                (void) puts(word);
}

static void complete_pods(Context *c, bool prepared, const char *prefix)
{
        _cleanup_(pod_scan_freep) PodScan *scan = NULL;
        _cleanup_(pod_freep) Pod *pod = NULL;
        PodStore *store;

        if (context_pods(c, &store) < 0 || pod_scan_new(store, &scan) < 0)
                return;
        while (pod_scan_next(scan, &pod) > 0) {
                const char *name = pod_display_name(pod);

                if (prepared && pod->state != POD_PREPARED)
                        continue;
                print_if(name, prefix);
                if (*prefix && !streq(name, pod->uuid.s))
                        print_if(pod->uuid.s, prefix);
        }
}

/* A file, or "POD:" and a path in there, which is not looked into. */
static void complete_places(Context *c, const char *prefix)
{
        _cleanup_(pod_scan_freep) PodScan *scan = NULL;
        _cleanup_(pod_freep) Pod *pod = NULL;
        PodStore *store;

        (void) puts("@files");
        if (context_pods(c, &store) < 0 || pod_scan_new(store, &scan) < 0)
                return;
        while (pod_scan_next(scan, &pod) > 0) {
                _cleanup_free_ char *word = strjoin(pod_display_name(pod), ":");

                if (word)
                        print_if(word, prefix);
        }
}

static void complete_images(Context *c, const char *prefix)
{
        ImageStore *store;
        Image **images = NULL;
        size_t n = 0;

        if (context_images(c, &store) < 0 || image_store_list(store, &images, &n) < 0 ||
            image_store_add_names(store, images, n) < 0)
                return;
        for (size_t i = 0; i < n; i++)
                STRV_FOREACH(name, images[i]->names)
                        print_if(*name, prefix);
        image_array_free(images, n);
}

static void complete_words(char *const *words, const char *written, const char *prefix)
{
        STRV_FOREACH(word, words)
                if (startswith(*word, prefix))
                        (void) printf("%s%s\n", written, *word);
}

static void complete_volumes(Context *c, const char *prefix)
{
        _cleanup_strv_free_ char **names = NULL;
        VolumeStore *store;

        if (context_volumes(c, &store) >= 0 && volume_store_list(store, &names) >= 0)
                complete_words(names, "", prefix);
}

static void complete_networks(Context *c, const char *prefix)
{
        _cleanup_(net_definitions_done) NetDefinitions all = {};
        _cleanup_strv_free_ char **directories = NULL;

        if (net_config_directories(c->local_config, c->system_config, &directories) < 0 ||
            net_config_read(directories, &all) < 0)
                return;
        for (size_t i = 0; i < all.n; i++)
                print_if(all.items[i].name, prefix);
}

static void complete_kind(Context *c, const char *kind, const char *prefix)
{
        _cleanup_strv_free_ char **words = NULL;

        if (!kind)
                return;
        if (streq(kind, "POD") || streq(kind, "PREPARED"))
                complete_pods(c, streq(kind, "PREPARED"), prefix);
        else if (streq(kind, "MANIFEST") && pods_d_list(&words) >= 0)
                complete_words(words, "", prefix);
        else if (streq(kind, "VOLUME"))
                complete_volumes(c, prefix);
        else if (streq(kind, "NETWORK"))
                complete_networks(c, prefix);
        else if (strchr(kind, '|') && strv_split(kind, '|', &words) >= 0)
                complete_words(words, "", prefix);
        else if (streq(kind, "IMAGE")) {
                complete_images(c, prefix);
                (void) puts("@files");
        } else if (streq(kind, "PLACE"))
                complete_places(c, prefix);
        else if (streq(kind, "FILE"))
                (void) puts("@files");
        else if (streq(kind, "DIR"))
                (void) puts("@directories");
}

static void complete_value(Context *c, const Option *o, const char *written, const char *prefix)
{
        _cleanup_strv_free_ char **choices = NULL;

        if (o->choices && strv_split(o->choices, '|', &choices) >= 0)
                complete_words(choices, written, prefix);
        if (!*written || streq_ptr(o->metavar, "FILE") || streq_ptr(o->metavar, "DIR"))
                complete_kind(c, o->metavar, prefix);
}

static void complete_options(const Option *options, const char *prefix)
{
        for (const Option *o = options; o && o->name; o++) {
                _cleanup_free_ char *word = NULL;

                if (!o->help)
                        continue;
                word = strjoin("--", o->name, o->type->value == OPTION_VALUE_REQUIRED ? "=" : "");
                if (word)
                        print_if(word, prefix);
        }
}

/* The names of verbs, of which only the word in question is printed: "image" leads to "list". */
static void complete_verbs(char *const *before, size_t n_before, const char *prefix)
{
        _cleanup_strv_free_ char **seen = NULL;

        for (size_t i = 0; podctl_verbs[i]; i++) {
                _cleanup_strv_free_ char **parts = NULL;

                if ((podctl_verbs[i]->flags & VERB_HIDDEN) || strv_split(podctl_verbs[i]->name, ' ', &parts) < 0 ||
                    strv_length(parts) <= n_before || (n_before == 1 && !streq(parts[0], before[0])) ||
                    strv_contains(seen, parts[n_before]))
                        continue;
                (void) strv_extend(&seen, parts[n_before]);
                print_if(parts[n_before], prefix);
        }
}

static const Option *option_of(const Verb *verb, const char *word)
{
        const Option *o = verb ? options_find(verb->options, word) : NULL;

        if (!o && verb)
                o = options_find(verb->app_options, word);
        return o ?: options_find(context_options, word);
}

static void complete_any_option(const Verb *verb, const char *prefix)
{
        complete_options(verb ? verb->options : NULL, prefix);
        complete_options(verb ? verb->app_options : NULL, prefix);
        complete_options(context_options, prefix);
}

/* Prints what the next word after these words of a verb may be. */
static void complete_argument(Context *c, const Verb *verb, char **words, size_t n, const char *prefix)
{
        _cleanup_strv_free_ char **kinds = NULL;
        size_t at = 0;

        if (!verb->completes || strv_split(verb->completes, ' ', &kinds) < 0)
                return;
        for (size_t i = 0; i < n; i++) {
                const Option *o = words[i][0] == '-' ? option_of(verb, words[i]) : NULL;

                if (o && option_takes_next_word(o, words[i]))
                        i++;
                else if (words[i][0] != '-')
                        at++;
        }
        complete_kind(c, kinds[MIN(at, strv_length(kinds) - 1)], prefix);
}

/* Takes the global options that have been written already: --dir decides whose pods and images are named. */
static void take_global_options(Context *c, char **words)
{
        OptionSet sets[] = { { context_options, c }, {} };

        while (*words && words[1])
                if (!options_find(context_options, *words) || options_parse_one(sets, &words) <= 0)
                        words++;
}

/* Options before the verb, with their values. */
static size_t skip_options(char **words, size_t n)
{
        size_t at = 0;

        while (at + 1 < n && words[at][0] == '-') {
                const Option *o = options_find(context_options, words[at]);

                at += o && option_takes_next_word(o, words[at]) ? 2 : 1;
        }
        return at;
}

static int run(Context *c, void *userdata, char **words)
{
        size_t n = strv_length(words), at = skip_options(words, n), n_verb = 0;
        const char *last = n > 0 ? words[n - 1] : "", *before = n > 1 ? words[n - 2] : "";
        const char *equals = *last == '-' ? strchr(last, '=') : NULL;
        const Verb *verb;
        const Option *o;

        /* No errors are logged: the user is in the middle of a line. */
        log_set_max_level(LOG_EMERG);
        take_global_options(c, words);

        verb = n > at + 1 ? verb_find(words + at, &n_verb) : NULL;
        if (verb && at + n_verb >= n)
                verb = NULL;

        o = equals ? option_of(verb, last) : NULL;
        if (o) {
                _cleanup_free_ char *written = strndup(last, (size_t) (equals + 1 - last));

                complete_value(c, o, strempty(written), equals + 1);
                return 0;
        }

        o = *before == '-' ? option_of(verb, before) : NULL;
        if (o && option_takes_next_word(o, before))
                complete_value(c, o, "", last);
        else if (*last == '-')
                complete_any_option(verb, last);
        else if (verb)
                complete_argument(c, verb, words + at + n_verb, n - at - n_verb - 1, last);
        else if (at < n)
                complete_verbs(words + at, n - at - 1, last);
        return 0;
}

const Verb verb_complete = {
        .name = "complete",
        .usage = "WORD…",
        .summary = "Print what may come next, for a shell",
        .flags = VERB_HIDDEN | VERB_OWN_WORDS,
        .max_words = -1,
        .run = run,
};
