/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/log.h"
#include "cli/compose/run-network.h"
#include "cli/rkt-ways.h"
#include "network/net-files.h"
#include "network/net-names.h"
#include "network/net-request.h"
#include "network/net-resolv.h"
#include "pod/engine.h"
#include "pod/plan-network.h"

static const char *annotation(const AppcPod *manifest, const char *option)
{
        _cleanup_free_ char *name = strjoin("podctl/", option);

        return name ? appc_pod_annotation(manifest, name) : NULL;
}

/* The option's words, else those of the annotation, which are separated by commas. */
static int words_of(const AppcPod *manifest, const char *option, char *const *given, char ***ret)
{
        const char *text = given ? NULL : annotation(manifest, option);

        *ret = NULL;
        if (given)
                return strv_extend_strv(ret, given) < 0 ? log_oom() : 0;
        return text && strv_split(text, ',', ret) < 0 ? log_oom() : 0;
}

static int set_dns(const RunArgs *args, const AppcPod *manifest, PodSettings *s)
{
        _cleanup_free_ char *message = NULL;
        NetDns *dns = &s->dns;
        int r;

        r = words_of(manifest, "dns", args->dns, &dns->nameservers);
        if (r < 0)
                return r;
        r = words_of(manifest, "dns-search", args->dns_search, &dns->search);
        if (r < 0)
                return r;
        r = words_of(manifest, "dns-opt", args->dns_opt, &dns->options);
        if (r < 0)
                return r;
        if (free_and_strdup(&dns->domain, args->dns_domain ?: annotation(manifest, "dns-domain")) < 0)
                r = log_oom();
        if (r < 0)
                return r;

        if (strv_length(dns->nameservers) == 1 &&
            (streq(dns->nameservers[0], "host") || streq(dns->nameservers[0], "none"))) {
                s->dns_mode = TAKE_PTR(dns->nameservers[0]);
                dns->nameservers = strv_free(dns->nameservers);
        }
        r = net_dns_check(dns, &message);
        return r < 0 ? log_error_errno(r, "Options --dns…: %s", strempty(message)) : 0;
}

static int set_hosts(const RunArgs *args, const AppcPod *manifest, PodSettings *s)
{
        _cleanup_strv_free_ char **words = NULL;
        int r;

        r = words_of(manifest, "hosts-entry", args->hosts_entries, &words);
        if (r < 0)
                return r;
        STRV_FOREACH(word, words) {
                _cleanup_free_ char *message = NULL;

                if (streq(*word, "host")) {
                        s->hosts_host = true;
                        continue;
                }
                r = net_hosts_entry_parse(*word, &s->hosts, &message);
                if (r < 0)
                        return log_error_errno(r, "Option --hosts-entry %s", message ?: "is out of memory");
        }
        if (s->hosts_host && s->hosts)
                return log_error_errno(EINVAL, "Option --hosts-entry=host cannot be combined with entries");
        return 0;
}

static int resolve(Context *c, PodSettings *s)
{
        _cleanup_strv_free_ char **directories = NULL, **warnings = NULL;
        _cleanup_free_ char *message = NULL;
        int r;

        if (net_config_directories(c->local_config, c->system_config, &directories) < 0)
                return log_oom();
        r = net_config_resolve(s->net, directories, c->local_config, &s->joins, &s->n_joins, &warnings, &message);
        if (r < 0)
                return log_error_errno(r, "Option --net: %s", message ?: "cannot read the configuration of networks");
        STRV_FOREACH(warning, warnings)
                log_debug("Network configuration: %s", *warning);
        return 0;
}

static int set_networks(Context *c, const RunArgs *args, const AppcPod *manifest, PodSettings *s)
{
        const char *net = args->net ?: annotation(manifest, "net") ?: engine_of(s)->net ?: "default";

        return free_and_strdup(&s->net, net) < 0 ? log_oom() : resolve(c, s);
}

static int check_aliases(char *const *aliases)
{
        STRV_FOREACH(alias, aliases) {
                _cleanup_free_ char *message = NULL;
                int r = net_alias_check(*alias, &message);

                if (r < 0)
                        return log_error_errno(r, "Option --net-alias: %s", strempty(message));
        }
        return 0;
}

/* Names are kept for native networks: others of a network see them in /etc/hosts. */
static int set_aliases(const RunArgs *args, const AppcPod *manifest, PodSettings *s)
{
        bool native = false;
        int r = words_of(manifest, "net-alias", args->net_aliases, &s->net_aliases);

        if (r < 0 || !s->net_aliases)
                return r;
        r = check_aliases(s->net_aliases);
        if (r < 0)
                return r;
        for (size_t i = 0; i < s->n_joins; i++)
                native |= net_join_is_native(&s->joins[i]);
        return native ? 0 : log_error_errno(EINVAL, "Option --net-alias needs a network of type " NET_NATIVE_TYPE
                                            ", which --net=%s is not", s->net);
}

int run_network_check_names(Context *c, const char *net)
{
        _cleanup_(pod_settings_freep) PodSettings *scratch = new0(PodSettings, 1);

        return !scratch || free_and_strdup(&scratch->net, net) < 0 ? log_oom() : resolve(c, scratch);
}

int run_network_check_words(const RunArgs *args)
{
        _cleanup_(appc_pod_freep) AppcPod *nothing = appc_pod_new();
        _cleanup_(pod_settings_freep) PodSettings *settings = new0(PodSettings, 1);
        int r = nothing && settings ? set_dns(args, nothing, settings) : log_oom();

        if (r >= 0)
                r = set_hosts(args, nothing, settings);
        return r < 0 ? r : check_aliases(args->net_aliases);
}

int run_network_check_ports(bool asked, const AppcPod *manifest, const char *net)
{
        if (!asked || (!net_is_none(net) && !net_is_host(net)) || !plan_wants_forwards(manifest))
                return 0;
        return log_error_errno(EINVAL, "Option --port needs a network of the pod's own, which --net=%s is not", net);
}

/* False if any network is made by plugins: it is not known where those lead. */
static bool leads_out_by_host(const PodSettings *s)
{
        bool out = false;

        for (size_t i = 0; i < s->n_joins; i++) {
                NetNative n = {};

                if (!net_join_is_native(&s->joins[i]))
                        return false;
                out |= net_join_native(&s->joins[i], &n, NULL) >= 0 && tristate_or(n.default_gateway, true);
                net_native_done(&n);
        }
        return out;
}

/* Warns at every start, since names cannot be resolved in such a pod. */
static void warn_of_lost_dns(const PodSettings *s)
{
        _cleanup_free_ char *text = NULL;
        bool lost = false;

        if (!plan_follows_host_dns(s) || net_is_host(s->net) || !leads_out_by_host(s))
                return;
        if (net_resolv_conf_for_pods("0.0.0.0", &text, &lost) >= 0 && lost)
                log_warning("Pods do not reach the host's name servers in /etc/resolv.conf, which answer on its "
                            "loopback alone; give --dns=IP, or see podctl-net.d(5)");
}

int run_network_settings(Context *c, const RunArgs *args, const AppcPod *manifest, PodSettings *settings)
{
        int r = set_networks(c, args, manifest, settings);

        settings->image_etc = rkt_way(RKT_WAY_IMAGE_ETC);
        if (r < 0)
                return r;
        r = run_network_check_ports(args->ports, manifest, settings->net);
        if (r < 0)
                return r;
        r = set_aliases(args, manifest, settings);
        if (r < 0)
                return r;
        r = set_dns(args, manifest, settings);
        if (r < 0)
                return r;
        r = set_hosts(args, manifest, settings);
        if (r < 0)
                return r;
        warn_of_lost_dns(settings);
        return r;
}
