/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/verb.h"
#include "config.h"
#include "manifest/ac-types.h"

static int run(Context *c, void *userdata, char **words)
{
        (void) printf("podctl Version: %s\nappc Version: %s\n", PODCTL_VERSION, AC_VERSION);
        return 0;
}

const Verb verb_version = {
        .name = "version",
        .summary = "Print the versions of podctl and of the specifications it follows",
        .max_words = 0,
        .run = run,
};
