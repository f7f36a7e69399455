/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/log.h"
#include "cli/persona.h"
#include "cli/terminal/results.h"
#include "cli/verbs/verbs.h"
#include "config.h"
#include "manifest/ac-types.h"
#include "manifest/oci-descriptor.h"

typedef struct VersionArgs {
        char *format;
} VersionArgs;

static const Option options[] = {
        RESULTS_OPTION(VersionArgs, format),
        {},
};

static void print_as_json(const char *format)
{
        _cleanup_json_object_ json_object *o = json_object_new_object();

        (void) json_object_object_add(o, "podctl", json_object_new_string(PODCTL_VERSION));
        (void) json_object_object_add(o, "appc", json_object_new_string(AC_VERSION));
        (void) print_json(o, format);
}

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
        const VersionArgs *args = userdata;

        if (args->format) {
                print_as_json(args->format);
                return 0;
        }
        if (persona_is_rkt())
                return print_as_rkt();
        (void) printf("podctl Version: %s\nappc Version: %s\n", PODCTL_VERSION, AC_VERSION);
        return 0;
}

const Verb verb_version = {
        .name = "version",
        .summary = "Print the versions of podctl and of the specifications it follows",
        .options = options,
        .args_size = sizeof(VersionArgs),
        .max_words = 0,
        .run = run,
};
