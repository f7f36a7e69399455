/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/log.h"
#include "cri/cri-network.h"
#include "network/net-config.h"

static int read_networks(Context *c, NetDefinitions *ret)
{
        _cleanup_strv_free_ char **directories = NULL;
        int r = net_config_directories(c->local_config, c->system_config, &directories);

        if (r >= 0)
                r = net_config_read(directories, ret);
        return r < 0 ? log_error_errno(r, "Cannot read the networks: %m") : 0;
}

static const char *first_of_cni(const NetDefinitions *networks)
{
        for (size_t i = 0; i < networks->n; i++)
                if (networks->items[i].path && startswith(networks->items[i].path, CRI_CNI_DIRECTORY))
                        return networks->items[i].name;
        return NULL;
}

/* Its file may be there, and wrong. */
static int tell_broken(const NetDefinitions *networks)
{
        STRV_FOREACH(text, networks->broken)
                if (startswith(*text, CRI_CNI_DIRECTORY))
                        log_warning("%s", *text);
        return -ENOENT;
}

int cri_network_choose(Context *c, char **ret)
{
        _cleanup_(net_definitions_done) NetDefinitions networks = {};
        const HostConfig *config;
        const char *name;
        int r = context_config(c, &config);

        if (r >= 0)
                r = read_networks(c, &networks);
        if (r < 0)
                return r;
        name = first_of_cni(&networks);
        if (!name && streq_ptr(config->cri_network, "cni"))
                return tell_broken(&networks);
        *ret = strdup(name ?: "default");
        return *ret ? 0 : log_oom();
}
