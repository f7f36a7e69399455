/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "foreign/draft/foreign-name.h"
#include "foreign/kube/kube-pod-internal.h"

/* Names and addresses of a pod's spec that become lists with commas and lines of files. */

static int check_alias(const KubeMake *m, size_t i)
{
        const struct KubeHostAlias *alias = &m->spec->aliases[i];
        _cleanup_free_ char *at = strprintf("hostAliases[%zu]", i);
        int r = 0;

        if (!at)
                return -ENOMEM;
        if (!foreign_address_is_valid(strempty(alias->ip)))
                r = kube_refuse(m, at, "'%s' is not an address", strempty(alias->ip));
        STRV_FOREACH(name, alias->names)
                if (r >= 0 && !foreign_name_is_valid(FOREIGN_ALIAS, *name))
                        r = kube_refuse(m, at, "'%s' is not a valid name of a host: %s", *name,
                                        foreign_name_rule(FOREIGN_ALIAS));
        return r;
}

static int check_dns(const KubeMake *m)
{
        int r = 0;

        STRV_FOREACH(server, m->spec->nameservers)
                if (r >= 0 && !foreign_address_is_valid(*server))
                        r = kube_refuse(m, "dnsConfig.nameservers", "'%s' is not an address", *server);
        STRV_FOREACH(domain, m->spec->searches)
                if (r >= 0 && (!**domain || !string_in_charset(*domain, LOWERCASE UPPERCASE DIGITS "-._")))
                        r = kube_refuse(m, "dnsConfig.searches", "'%s' is not a domain", *domain);
        for (size_t i = 0; r >= 0 && i < m->spec->n_dns_options; i++) {
                const struct KubeDnsOption *o = &m->spec->dns_options[i];

                if (strpbrk(strempty(o->name), ", \t\n:") || strpbrk(strempty(o->value), ", \t\n"))
                        r = kube_refuse(m, "dnsConfig.options", "'%s' is not an option of resolv.conf(5)", o->name);
        }
        return r;
}

int kube_check_names(const KubeMake *m)
{
        int r = check_dns(m);

        for (size_t i = 0; r >= 0 && i < m->spec->n_aliases; i++)
                r = check_alias(m, i);
        return r;
}
