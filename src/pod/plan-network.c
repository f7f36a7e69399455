/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/path.h"
#include "network/net-names.h"
#include "network/net-state.h"
#include "network/net-view.h"
#include "pod/plan-network.h"
#include "shared/explain.h"

static const AppPort *find_pod_port(const AppcPod *pod, const PodPort *p)
{
        const AppPort *found = p->pod_port;

        for (size_t i = 0; !found && i < pod->n_apps; i++)
                found = app_find_port(pod->apps[i].app, p->name);
        return found;
}

static int plan_port(const AppcPod *pod, const PodPort *p, NetPort *ret, char **reterr_message)
{
        const AppPort *inner = find_pod_port(pod, p);

        /* appc_pod_check_runnable() has made sure that there is one. */
        if (!inner)
                return -EINVAL;
        if (!streq(inner->protocol, "tcp") && !streq(inner->protocol, "udp") && !streq(inner->protocol, "sctp"))
                return explain(reterr_message, EINVAL,
                               "port '%s': protocol '%s' cannot be forwarded, only tcp, udp and sctp", p->name,
                               inner->protocol);
        if (p->host_port + inner->count - 1 > UINT16_MAX)
                return explain(reterr_message, EINVAL,
                               "port '%s': it has %u ports, and there are not that many from %u on",
                               p->name, inner->count, p->host_port);

        *ret = (NetPort) {
                .name = strdup(p->name),
                .protocol = strdup(inner->protocol),
                .host_port = p->host_port,
                .port = inner->port,
                .count = inner->count,
        };
        return ret->name && ret->protocol ? free_and_strdup(&ret->host_ip, p->host_ip) : -ENOMEM;
}

static int check_overlaps(const NetPort *ports, size_t n, char **reterr_message)
{
        for (size_t i = 0; i < n; i++)
                for (size_t k = 0; k < i; k++)
                        if (net_ports_overlap(&ports[i], &ports[k]))
                                return explain(reterr_message, EINVAL,
                                               "ports '%s' and '%s' both want %s port %u of the host", ports[k].name,
                                               ports[i].name, ports[i].protocol,
                                               MAX(ports[i].host_port, ports[k].host_port));
        return 0;
}

bool plan_wants_forwards(const AppcPod *pod)
{
        for (size_t i = 0; i < pod->n_ports; i++) {
                const AppPort *inner = find_pod_port(pod, &pod->ports[i]);

                if (!inner || !inner->socket_activated)
                        return true;
        }
        return false;
}

static int plan_all_ports(const AppcPod *pod, NetPort *ports, char **reterr_message)
{
        for (size_t i = 0; i < pod->n_ports; i++) {
                int r = plan_port(pod, &pod->ports[i], &ports[i], reterr_message);

                if (r < 0)
                        return r;
        }
        return check_overlaps(ports, pod->n_ports, reterr_message);
}

int plan_check_ports(const AppcPod *pod, char **reterr_message)
{
        NetPort *ports = new0(NetPort, MAX(pod->n_ports, 1U));
        int r = ports ? plan_all_ports(pod, ports, reterr_message) : -ENOMEM;

        if (ports)
                net_ports_free(ports, pod->n_ports);
        return r;
}

int plan_ports(const AppcPod *pod, const PodSettings *settings, NetPort **ret, size_t *ret_n, char ***ignored,
               char **reterr_message)
{
        NetPort *ports;
        int r;

        *ret = NULL;
        *ret_n = 0;
        if (pod->n_ports == 0)
                return 0;
        if (!settings->net || net_is_host(settings->net) || net_is_none(settings->net))
                return !plan_wants_forwards(pod)
                               ? 0
                               : strv_extendf(ignored, "ports: nothing is forwarded with network '%s'",
                                              settings->net ?: "none");

        ports = new0(NetPort, pod->n_ports);
        if (!ports)
                return -ENOMEM;
        r = plan_all_ports(pod, ports, reterr_message);
        if (r < 0) {
                net_ports_free(ports, pod->n_ports);
                return r;
        }
        *ret = ports;
        *ret_n = pod->n_ports;
        return 0;
}

/* A pod of native networks sees the names of all their pods: in the file of its only network, or in one of its own.
 * NULL: it is in none, or has the host's file. */
static int shared_hosts(const PodPlan *plan, char **ret)
{
        const PodSettings *s = plan->settings;
        const NetJoin *native = NULL;
        size_t n = 0;

        for (size_t i = 0; !s->hosts_host && i < s->n_joins; i++)
                if (net_join_is_native(&s->joins[i])) {
                        native = &s->joins[i];
                        n++;
                }
        if (n > 0)
                *ret = net_view_wanted(n, s->hosts)
                               ? net_view_path(plan->uuid)
                               : strjoin(NET_RUN_DIRECTORY "/networks/", native->name, "/" NET_NAMES_FILE);
        return n == 0 || *ret ? 0 : -ENOMEM;
}

static bool has_own_hosts(const PodSettings *s)
{
        return s->hosts || s->hosts_host;
}

bool plan_follows_host_dns(const PodSettings *s)
{
        return !s->image_etc && !s->dns_mode && net_dns_is_empty(&s->dns) && s->net && !net_is_none(s->net);
}

/* With Docker these files are the pod's, whatever the image contains; with rkt the image's files stay (its
 * Documentation/networking/dns.md). A file that the user asked for takes precedence over a volume, others do not. */
int plan_files(const PodPlan *plan, PlanFile ret[static PLAN_FILES_MAX], size_t *ret_n)
{
        const PodSettings *s = plan->settings;
        const bool follows = plan_follows_host_dns(s);
        _cleanup_free_ char *hosts = NULL;
        int r = shared_hosts(plan, &hosts);
        PlanFile files[PLAN_FILES_MAX] = {
                { .target = "/etc/resolv.conf", .what = "resolv.conf", .if_source = true, .unless_volume = follows,
                  .yields = follows },
                { .target = "/etc/hosts", .what = "hosts", .if_absent = s->image_etc && !has_own_hosts(s),
                  .unless_volume = !has_own_hosts(s), .shared = hosts, .yields = true },
                { .target = "/etc/hostname", .what = "hostname", .if_absent = s->image_etc, .unless_volume = true,
                  .yields = true },
        };

        if (r < 0)
                return r;
        for (size_t i = 0; i < PLAN_FILES_MAX; i++) {
                files[i].source = files[i].shared
                                          ? TAKE_PTR(hosts)
                                          : strjoin(plan->directory, "/" POD_FILES_DIR "/", files[i].what);
                ret[i] = files[i];
        }
        *ret_n = PLAN_FILES_MAX;
        return files[0].source && files[1].source && files[2].source ? 0 : -ENOMEM;
}
