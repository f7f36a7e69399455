/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/log.h"
#include "cli/verbs/verbs.h"
#include "config.h"
#include "pod/registration.h"

/* The service in the foreground, as rkt has it; usually systemd starts it, by podctl-metadata.socket. */

typedef struct MetadataArgs {
        uint64_t port;
} MetadataArgs;

static const Option options[] = {
        { "listen-port", &option_uint64, offsetof(MetadataArgs, port), "PORT", "Port for pods, 18112 by default" },
        {},
};

static int run(Context *c, void *userdata, char **words)
{
        const MetadataArgs *args = userdata;
        _cleanup_free_ char *port = NULL;

        if (args->port == 0 || args->port > UINT16_MAX)
                return log_error_errno(EINVAL, "Option --listen-port takes a port, from 1 to 65535");
        port = strprintf("%u", (unsigned) args->port);
        if (!port)
                return log_oom();
        (void) execl(PKGLIBDIR "/podctl-metadata", "podctl-metadata", port, NULL);
        return log_error_errno(errno, "Cannot start " PKGLIBDIR "/podctl-metadata: %m");
}

static const MetadataArgs presets = { .port = REGISTRATION_PORT };

const Verb verb_metadata_service = {
        .name = "metadata-service",
        .summary = "Serve metadata to pods, in the foreground",
        .options = options,
        .args_size = sizeof(MetadataArgs),
        .presets = &presets,
        .flags = VERB_ROOT,
        .max_words = 0,
        .run = run,
};
