/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/images/fetch-image.h"
#include "cli/images/print-manifest.h"
#include "cli/verbs/verbs.h"

typedef struct CatManifestArgs {
        bool pretty;
} CatManifestArgs;

static const Option options[] = {
        { "pretty-print", &option_bool, offsetof(CatManifestArgs, pretty), "BOOL", "Indent it, the default" },
        {},
};

static int run(Context *c, void *userdata, char **words)
{
        CatManifestArgs *args = userdata;
        _cleanup_(image_freep) Image *image = NULL;
        int r;

        r = find_image(c, words[0], &image);
        return r < 0 ? r : print_manifest(image->manifest, image->manifest_size, args->pretty);
}

static const CatManifestArgs presets = { .pretty = true };

const Verb verb_image_cat_manifest = {
        .name = "image cat-manifest",
        .usage = "IMAGE",
        .summary = "Print the manifest of an image",
        .options = options,
        .args_size = sizeof(CatManifestArgs),
        .presets = &presets,
        .flags = VERB_GROUP,
        .min_words = 1,
        .max_words = 1,
        .completes = "IMAGE",
        .run = run,
};
