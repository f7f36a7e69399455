/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/log.h"
#include "cli/terminal/results.h"
#include "cli/verbs/verbs.h"
#include "image/transport/credentials.h"
#include "shared/explain.h"

typedef struct ConfigArgs {
        bool pretty;
        char *format;
} ConfigArgs;

static const Option options[] = {
        RESULTS_OPTION(ConfigArgs, format),
        { "pretty-print", &option_bool, offsetof(ConfigArgs, pretty), "BOOL", "Indent it, the default" },
        {},
};

static int add_credentials(Context *c, json_object *array)
{
        _cleanup_(credentials_freep) Credentials *credentials = NULL;
        _cleanup_free_ char *message = NULL;
        int r;

        r = credentials_read_config(context_config_roots(c), &credentials, &message);
        if (r < 0)
                return log_explained(r, message, "Cannot read the configuration");
        return credentials_to_json(credentials, array) < 0 ? log_oom() : 0;
}

static int run(Context *c, void *userdata, char **words)
{
        const ConfigArgs *args = userdata;
        _cleanup_json_object_ json_object *o = json_object_new_object();
        _cleanup_free_ char *text = NULL;
        json_object *array = json_object_new_array();
        const HostConfig *config;
        int r;

        (void) json_object_object_add(o, "stage0", array);
        r = add_credentials(c, array);
        if (r < 0)
                return r;
        r = context_config(c, &config);
        if (r < 0)
                return r;
        if (host_config_to_json(config, array) < 0)
                return log_oom();
        if (print_json(o, args->format))
                return 0;
        r = args->pretty ? json_format_pretty(o, &text) : json_format_compact(o, &text);
        if (r < 0)
                return log_oom();
        (void) printf("%s%s", text, args->pretty ? "" : "\n");
        return 0;
}

static const ConfigArgs presets = { .pretty = true };

const Verb verb_config = {
        .name = "config",
        .summary = "Print the configuration that results from all its files",
        .options = options,
        .args_size = sizeof(ConfigArgs),
        .presets = &presets,
        .max_words = 0,
        .run = run,
};
