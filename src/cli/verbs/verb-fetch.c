/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/log.h"
#include "cli/images/fetch-artifacts.h"
#include "cli/images/fetch-image.h"
#include "cli/terminal/results.h"
#include "cli/verbs/verbs.h"
#include "image/name/image-ref.h"

typedef struct FetchArgs {
        bool artifacts;
        char **digests;
        char *format;
        bool full;
        char *name;
        char *signature;
        char *pull_policy;
        bool store_only;
        bool no_store;
} FetchArgs;

static const Option options[] = {
        { "artifacts", &option_bool, offsetof(FetchArgs, artifacts), NULL,
          "Also bills of materials and the like that are there about it" },
        { "digest", &option_strv, offsetof(FetchArgs, digests), "[NAME@]DIGEST",
          "The image that a file has to contain, and its name" },
        RESULTS_OPTION(FetchArgs, format),
        { "full", &option_bool, offsetof(FetchArgs, full), NULL, "Print full image IDs" },
        { "name", &option_string, offsetof(FetchArgs, name), "NAME", "Give the image this name" },
        { "no-store", &option_bool, offsetof(FetchArgs, no_store), NULL, "The same as --pull-policy=update" },
        { "pull-policy", &option_string, offsetof(FetchArgs, pull_policy), "POLICY",
          "Fetch: new (if there is none), update (the default) or never", .choices = "new|update|never" },
        { "signature", &option_string, offsetof(FetchArgs, signature), "FILE",
          "Signature of an ACI, next to it by default" },
        { "store-only", &option_bool, offsetof(FetchArgs, store_only), NULL, "The same as --pull-policy=never" },
        {},
};

/* "[NAME@]DIGEST"; splits the word. */
static int parse_asked(char *word, SourceAsked *ret)
{
        char *at = strrchr(word, '@');

        if (digest_parse(at ? at + 1 : word, &ret->digest) < 0 || at == word)
                return log_error_errno(EINVAL, "Option --digest takes sha256: and 64 hexadecimal digits, perhaps with "
                                       "NAME@ before them, not '%s'", word);
        if (at) {
                *at = 0;
                ret->name = word;
        }
        return 0;
}

static int parse_digests(char **words, SourceAsked **ret, size_t *ret_n)
{
        _cleanup_free_ SourceAsked *asked = new0(SourceAsked, MAX(strv_length(words), (size_t) 1));
        size_t n = 0;

        if (!asked)
                return log_oom();
        STRV_FOREACH(word, words) {
                int r = parse_asked(*word, &asked[n++]);

                if (r < 0)
                        return r;
        }
        *ret = TAKE_PTR(asked);
        *ret_n = n;
        return 0;
}

static int check_name(const char *option, const char *name)
{
        return !name || image_name_is_findable(name)
                       ? 0
                       : log_error_errno(EINVAL, "Option --%s: '%s' cannot be the name of an image; write NAME[:TAG]",
                                         option, name);
}

static int check_names(const FetchArgs *args, const SourceAsked *asked, size_t n)
{
        int r = check_name("name", args->name);

        for (size_t i = 0; r >= 0 && i < n; i++)
                r = check_name("digest", asked[i].name);
        return r;
}

static int report(Context *c, const FetchArgs *args, const char *text, const char *id, const Results *results)
{
        _cleanup_free_ char *shown = format_image_id(id, args->full || args->format);
        _cleanup_(image_freep) Image *image = NULL;
        int r;

        if (!shown)
                return log_oom();
        if (!args->format) {
                (void) puts(shown);
                return 0;
        }
        r = find_image(c, id, &image);
        if (r < 0)
                return r;
        (void) results_add(results, { "id", shown }, { "name", image_display_name(image, text) }, { "image", text });
        return 0;
}

static int fetch_one(Context *c, const FetchArgs *args, const ImageWish *wish, const Results *results, char ***all)
{
        _cleanup_strv_free_ char **ids = NULL;
        int r;

        r = fetch_images(c, wish, &ids);
        if (r < 0)
                return r;
        if (strv_extend_strv(all, ids) < 0)
                return log_oom();
        if (args->artifacts) {
                r = fetch_artifacts(c, wish->text, ids[0]);
                if (r < 0)
                        return r;
        }
        STRV_FOREACH(id, ids) {
                r = report(c, args, wish->text, *id, results);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int fetch_each(Context *c, const FetchArgs *args, char **words, const ImageWish *like, const Results *results)
{
        _cleanup_strv_free_ char **all = NULL;
        int r;

        STRV_FOREACH(text, words) {
                ImageWish wish = *like;

                wish.text = *text;
                r = fetch_one(c, args, &wish, results, &all);
                if (r < 0)
                        return r;
        }
        /* Once all are there: some may be dependencies of others. */
        return fetch_dependencies(c, all, like->policy);
}

static int run(Context *c, void *userdata, char **words)
{
        FetchArgs *args = userdata;
        _cleanup_(results_done) Results results = results_new(args->format);
        _cleanup_free_ SourceAsked *asked = NULL;
        PullPolicy policy;
        size_t n_asked;
        int r;

        r = pull_policy_from_options(args->pull_policy, args->store_only, args->no_store, PULL_UPDATE, &policy);
        if (r < 0)
                return r;
        if (args->signature && strv_length(words) != 1)
                return log_error_errno(EINVAL, "Option --signature is for one image, but there are %zu",
                                       strv_length(words));
        if (args->digests && strv_length(words) != 1)
                return log_error_errno(EINVAL, "Option --digest is for one file, but there are %zu",
                                       strv_length(words));
        r = parse_digests(args->digests, &asked, &n_asked);
        if (r < 0)
                return r;
        r = check_names(args, asked, n_asked);
        if (r < 0)
                return r;
        r = fetch_each(c, args, words, &(ImageWish) {
                .name = args->name, .signature = args->signature, .policy = policy, .asked = asked, .n_asked = n_asked,
                .artifacts = args->artifacts,
        }, &results);
        results_print(&results);
        return r;
}

const Verb verb_fetch = {
        .name = "fetch",
        .usage = "IMAGE…",
        .summary = "Bring images into the store",
        .options = options,
        .args_size = sizeof(FetchArgs),
        .flags = VERB_GROUP,
        .min_words = 1,
        .max_words = -1,
        .completes = "FILE",
        .run = run,
};

/* rkt's other name for it. */
const Verb verb_image_fetch = {
        .name = "image fetch",
        .usage = "IMAGE…",
        .summary = "Bring images into the store",
        .options = options,
        .args_size = sizeof(FetchArgs),
        .flags = VERB_HIDDEN | VERB_GROUP,
        .min_words = 1,
        .max_words = -1,
        .run = run,
};
