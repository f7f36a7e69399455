/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/log.h"
#include "cli/images/print-manifest.h"
#include "cli/verbs/verbs.h"

typedef struct CatManifestArgs {
        bool pretty;
        char *uuid_file;
} CatManifestArgs;

static const Option options[] = {
        { "pretty-print", &option_bool, offsetof(CatManifestArgs, pretty), "BOOL", "Indent it, the default" },
        { "uuid-file", &option_string, offsetof(CatManifestArgs, uuid_file), "FILE", "Take the UUID from FILE" },
        {},
};

static int run(Context *c, void *userdata, char **words)
{
        CatManifestArgs *args = userdata;
        _cleanup_(pod_freep) Pod *pod = NULL;
        _cleanup_free_ char *text = NULL;
        size_t n;
        int r;

        if (!words[0] == !args->uuid_file)
                return log_error_errno(EINVAL, "'podctl cat-manifest' needs one pod, or --uuid-file");
        r = args->uuid_file ? context_find_pod_by_file(c, args->uuid_file, &pod) : context_find_pod(c, words[0], &pod);
        if (r < 0)
                return r;

        r = read_file_at(pod->fd, "pod", JSON_MAX_SIZE, &text, &n);
        if (r < 0)
                return log_error_errno(r, "Cannot read the manifest of pod %s: %m", pod->uuid.s);
        return print_manifest(text, n, args->pretty);
}

static const CatManifestArgs presets = { .pretty = true };

const Verb verb_cat_manifest = {
        .name = "cat-manifest",
        .usage = "POD",
        .summary = "Print the manifest of a pod",
        .options = options,
        .args_size = sizeof(CatManifestArgs),
        .presets = &presets,
        .max_words = 1,
        .completes = "POD",
        .flags = VERB_AFTER_ENDINGS,
        .run = run,
};
