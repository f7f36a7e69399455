/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/images/extract-image.h"
#include "cli/verbs/verbs.h"

static int run_extract(Context *c, void *userdata, char **words)
{
        return extract_image(c, userdata, words[0], words[1], false);
}

static int run_render(Context *c, void *userdata, char **words)
{
        return extract_image(c, userdata, words[0], words[1], true);
}

const Verb verb_image_extract = {
        .name = "image extract",
        .usage = "IMAGE DIR",
        .summary = "Write the files of an image into a directory",
        .options = extract_options,
        .args_size = sizeof(ExtractArgs),
        .flags = VERB_ROOT,
        .min_words = 2,
        .max_words = 2,
        .completes = "IMAGE DIR",
        .run = run_extract,
};

const Verb verb_image_render = {
        .name = "image render",
        .usage = "IMAGE DIR",
        .summary = "Write the files that an app would see into a directory",
        .options = extract_options,
        .args_size = sizeof(ExtractArgs),
        .flags = VERB_ROOT,
        .min_words = 2,
        .max_words = 2,
        .completes = "IMAGE DIR",
        .run = run_render,
};
