/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/compose/compose-annotations.h"
#include "cli/compose/run-engine.h"
#include "manifest/appc-image.h"

static int annotate(AppcPod *manifest, const char *name, const char *value)
{
        return isempty(value) ? 0 : strv_env_set(&manifest->annotations, name, value);
}

static int annotate_list(AppcPod *manifest, const char *name, char *const *values)
{
        _cleanup_free_ char *text = strv_join(values, ",");

        return text ? annotate(manifest, name, text) : -ENOMEM;
}

int compose_annotations(AppcPod *manifest, const RunArgs *args)
{
        const Engine *engine;
        int r = engine_of_option(args->stage1, &engine);
        const struct {
                const char *name;
                const char *value;
                char *const *values;
        } rows[] = {
                { "podctl/net", args->net, NULL },
                { "podctl/net-alias", NULL, args->net_aliases },
                { "podctl/dns", NULL, args->dns },
                { "podctl/dns-domain", args->dns_domain, NULL },
                { "podctl/dns-opt", NULL, args->dns_opt },
                { "podctl/dns-search", NULL, args->dns_search },
                { "podctl/hosts-entry", NULL, args->hosts_entries },
                { "podctl/hostname", args->hostname, NULL },
                { "podctl/ipc", args->ipc, NULL },
                { "podctl/log", args->log, NULL },
                { "podctl/mds-register", args->mds_register < 0 ? NULL : args->mds_register ? "yes" : "no", NULL },
                { "podctl/private-users", args->private_users < 0 ? NULL : args->private_users ? "yes" : "no", NULL },
                { APPC_ANNOTATION_STAGE1, engine ? engine->name : NULL, NULL },
                { "podctl/pull-policy", args->policy == PULL_NEW ? NULL : pull_policy_to_string(args->policy), NULL },
        };
        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(rows); i++)
                r = rows[i].values ? annotate_list(manifest, rows[i].name, rows[i].values)
                                   : annotate(manifest, rows[i].name, rows[i].value);
        return r;
}
