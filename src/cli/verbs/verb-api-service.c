/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/log.h"
#include "cli/verbs/verbs.h"
#include "config.h"

/* The service in the foreground, as rkt has it; usually systemd starts it, by podctl-api.socket. */

#define PROGRAM PKGLIBDIR "/podctl-api"

typedef struct ApiArgs {
        char *listen;
} ApiArgs;

static const Option options[] = {
        { "listen", &option_string, offsetof(ApiArgs, listen), "ADDRESS:PORT", "Where, localhost:15441 by default" },
        {},
};

/* The global options are for it, too. */
static int add_options(const Context *c, const ApiArgs *args, char ***argv)
{
        _cleanup_free_ char *insecure = strv_join(c->insecure, ",");
        const struct {
                const char *name, *value;
        } rows[] = {
                { "listen", args->listen },
                { "dir", c->dir },
                { "insecure-options", c->insecure ? insecure : NULL },
                { "local-config", c->local_config },
                { "system-config", c->system_config },
                { "user-config", c->user_config },
                { "trust-keys-from-https", c->trust_keys_from_https ? "true" : NULL },
        };

        if (c->insecure && !insecure)
                return -ENOMEM;
        for (size_t i = 0; i < ELEMENTSOF(rows); i++)
                if (rows[i].value && strv_extendf(argv, "--%s=%s", rows[i].name, rows[i].value) < 0)
                        return -ENOMEM;
        return 0;
}

static int run(Context *c, void *userdata, char **words)
{
        _cleanup_strv_free_ char **argv = NULL;

        if (strv_extend(&argv, "podctl-api") < 0 || add_options(c, userdata, &argv) < 0)
                return log_oom();
        (void) execv(PROGRAM, argv);
        if (errno == ENOENT)
                return log_error_errno(errno, "There is no " PROGRAM ": install the package podctl-api");
        return log_error_errno(errno, "Cannot start " PROGRAM ": %m");
}

const Verb verb_api_service = {
        .name = "api-service",
        .summary = "Serve what there is of pods and images to programs, in the foreground",
        .options = options,
        .args_size = sizeof(ApiArgs),
        .flags = VERB_ROOT,
        .max_words = 0,
        .run = run,
};
