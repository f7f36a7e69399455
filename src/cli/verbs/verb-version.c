/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/log.h"
#include "cli/persona.h"
#include "cli/verbs/verbs.h"
#include "config.h"
#include "manifest/ac-types.h"
#include "manifest/oci-descriptor.h"

/* rkt's five lines, although there is no Go here. */
static int print_as_rkt(void)
{
        _cleanup_(oci_platform_freep) OciPlatform *host = NULL;

        if (oci_platform_host(&host) < 0)
                return log_oom();
        (void) printf("rkt Version: %s+podctl-%s\nappc Version: %s\nGo Version: none\nGo OS/Arch: %s/%s\n"
                      "Features: -TPM +SDJOURNAL\n",
                      RKT_VERSION, PODCTL_VERSION, AC_VERSION, host->os, host->architecture);
        return 0;
}

static int run(Context *c, void *userdata, char **words)
{
        if (persona_is_rkt())
                return print_as_rkt();
        (void) printf("podctl Version: %s\nappc Version: %s\n", PODCTL_VERSION, AC_VERSION);
        return 0;
}

const Verb verb_version = {
        .name = "version",
        .summary = "Print the versions of podctl and of the specifications it follows",
        .max_words = 0,
        .run = run,
};
