/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <arpa/inet.h>
#include <ctype.h>
#include <limits.h>
#include <unistd.h>

#include "basic/path.h"
#include "cri/cri-answer.h"
#include "cri/cri-sandbox-plan.h"
#include "manifest/appc-image.h"
#include "manifest/pod-name.h"
#include "pod/pod-plan.h"
#include "shared/explain.h"

/* How much of a name is in front of the digits of the UUID. */
#define SHOWN_MAX (POD_NAME_MAX - 9)

void cri_sandbox_plan_done(CriSandboxPlan *p)
{
        RunArgs *a = &p->args;

        cri_sandbox_record_free(p->record);
        free(a->name);
        free(a->hostname);
        free(a->net);
        free(a->slice);
        free(a->log);
        free(a->ipc);
        strv_free(a->ports);
        strv_free(a->dns);
        strv_free(a->dns_search);
        strv_free(a->dns_opt);
        strv_free(a->sysctls);
        strv_free(a->annotations);
        *p = (CriSandboxPlan) {};
}

/* The machine has the name that its owner knows, and what tells it from others of that name. */
static char *machine_name(const char *name, const Uuid *uuid)
{
        char shown[SHOWN_MAX + 1] = "";
        size_t n = 0;

        for (; *name && n < SHOWN_MAX; name++) {
                const bool plain = isascii(*name) && isalnum(*name);

                if (plain || (n > 0 && shown[n - 1] != '-'))
                        shown[n++] = plain ? (char) tolower(*name) : '-';
        }
        while (n > 0 && shown[n - 1] == '-')
                n--;
        shown[n] = 0;
        return n > 0 ? strprintf("%s-%.8s", shown, uuid->s) : strprintf("pod-%.8s", uuid->s);
}

/* All of a pod's, and nothing else. With other beginnings, ranges of pods could overlap, which their locks would not
 * show (stage1/uid-range.h). The last range of all has an ID that the kernel keeps for itself. */
static bool is_whole_range(Cri__IDMapping *const *mappings, size_t n)
{
        return n == 1 && mappings[0]->container_id == 0 && mappings[0]->length == POD_UID_COUNT &&
               mappings[0]->host_id > 0 && mappings[0]->host_id % POD_UID_COUNT == 0 &&
               mappings[0]->host_id <= UINT32_MAX - 2 * POD_UID_COUNT + 1;
}

static const char *users_refusal(const Cri__UserNamespace *users)
{
        if (!users)
                return NULL;
        if (users->mode == CRI__NAMESPACE_MODE__NODE)
                return users->n_uids + users->n_gids > 0 ? "a mapping of user IDs in the user namespace of the host"
                                                         : NULL;
        if (users->mode == CRI__NAMESPACE_MODE__POD && is_whole_range(users->uids, users->n_uids) &&
            is_whole_range(users->gids, users->n_gids) && users->uids[0]->host_id == users->gids[0]->host_id)
                return NULL;
        return "this mapping of user IDs: a pod has 65536, from a multiple of that on, the same for groups";
}

const char *cri_namespaces_refusal(const Cri__NamespaceOption *o)
{
        if (!o)
                return NULL;
        if (o->pid == CRI__NAMESPACE_MODE__NODE)
                return CRI_NO_HOST_PIDS;
        if (o->pid == CRI__NAMESPACE_MODE__TARGET)
                return "the processes of another container (a target)";
        return users_refusal(o->userns_options);
}

static bool is_address(const char *text)
{
        struct in6_addr address;

        return inet_pton(AF_INET, text, &address) == 1 || inet_pton(AF_INET6, text, &address) == 1;
}

static bool is_port(int32_t n)
{
        return n >= 1 && n <= UINT16_MAX;
}

/* "[IP:]HOSTPORT:PORT/PROTOCOL", as --port= reads it. A port without one of the host's needs nothing. -EINVAL: it
 * cannot be; *reterr_message says what. */
static int add_port(const Cri__PortMapping *p, char ***ports, char **reterr_message)
{
        static const char *const protocols[] = { [CRI__PROTOCOL__TCP] = "tcp", [CRI__PROTOCOL__UDP] = "udp",
                                                 [CRI__PROTOCOL__SCTP] = "sctp" };
        const bool any = isempty(p->host_ip) || streq(p->host_ip, "0.0.0.0") || streq(p->host_ip, "::"),
                   long_ip = !any && strchr(p->host_ip, ':');

        if (p->host_port == 0)
                return 0;
        if (!any && !is_address(p->host_ip))
                return explain(reterr_message, EINVAL, "the host_ip '%s' of a port mapping is not an address",
                               p->host_ip);
        if (!is_port(p->host_port) || !is_port(p->container_port))
                return explain(reterr_message, EINVAL, "a port mapping has the ports %i and %i, which are not both "
                               "from 1 to 65535", p->host_port, p->container_port);
        if ((size_t) p->protocol >= ELEMENTSOF(protocols))
                return explain(reterr_message, EINVAL, "a port mapping has the unknown protocol %i", p->protocol);
        return strv_extendf(ports, "%s%s%s%s%i:%i/%s", long_ip ? "[" : "", any ? "" : p->host_ip,
                            long_ip ? "]" : "", any ? "" : ":", p->host_port, p->container_port,
                            protocols[p->protocol]);
}

static int add_ports(const Cri__PodSandboxConfig *config, RunArgs *args, char **reterr_message)
{
        int r = 0;

        /* With the host's network, they are there. */
        for (size_t i = 0; r >= 0 && i < config->n_port_mappings && !streq(args->net, "host"); i++)
                r = add_port(config->port_mappings[i], &args->ports, reterr_message);
        return r;
}

static int copy_list(char *const *from, size_t n, char ***to)
{
        int r = 0;

        for (size_t i = 0; r >= 0 && i < n; i++)
                r = strv_extend(to, from[i]);
        return r;
}

static int add_dns(const Cri__DNSConfig *dns, RunArgs *args)
{
        int r;

        if (!dns)
                return 0;
        r = copy_list(dns->servers, dns->n_servers, &args->dns);
        if (r >= 0)
                r = copy_list(dns->searches, dns->n_searches, &args->dns_search);
        return r < 0 ? r : copy_list(dns->options, dns->n_options, &args->dns_opt);
}

/* A kubelet that uses systemd names the slice of the pod: "kubepods-burstable-podUID.slice". */
static int add_slice(const char *parent, RunArgs *args)
{
        const char *name = strrchr(strempty(parent), '/');

        name = name ? name + 1 : strempty(parent);
        if (!*name)
                return 0;
        if (!endswith(name, ".slice"))
                return -EINVAL;
        args->slice = strdup(name);
        return args->slice ? 0 : -ENOMEM;
}

static int add_network(const CriSandboxRecord *record, const char *network, RunArgs *args)
{
        args->net = strdup(record->network == CRI__NAMESPACE_MODE__NODE ? "host" : network);
        if (record->ipc == CRI__NAMESPACE_MODE__NODE)
                args->ipc = strdup("parent");
        return args->net && (args->ipc || record->ipc != CRI__NAMESPACE_MODE__NODE) ? 0 : -ENOMEM;
}

static int add_annotations(const CriSandboxRecord *record, RunArgs *args)
{
        _cleanup_free_ char *text = NULL;
        int r = cri_sandbox_record_format(record, &text);

        if (r >= 0)
                r = strv_extendf(&args->annotations, CRI_ANNOTATION "=%s", text);
        if (r >= 0)
                r = strv_extendf(&args->annotations, APPC_ANNOTATION_PIDS "=%s",
                                 record->pids == CRI__NAMESPACE_MODE__POD ? "shared" : "private");
        if (r >= 0 && record->uid_base > 0)
                r = strv_extendf(&args->annotations, APPC_ANNOTATION_UID_BASE "=%u", record->uid_base);
        if (r >= 0 && record->unfiltered)
                r = strv_extend(&args->annotations, APPC_ANNOTATION_UNFILTERED "=true");
        return r < 0 || !record->privileged ? r : strv_extend(&args->annotations, APPC_ANNOTATION_PRIVILEGED "=true");
}

static GrpcCode check(const Cri__PodSandboxConfig *config, char **reterr_message)
{
        const Cri__LinuxSandboxSecurityContext *security =
                config && config->linux ? config->linux->security_context : NULL;
        const char *refusal = security ? cri_namespaces_refusal(security->namespace_options) : NULL;

        if (!config || !config->metadata || isempty(config->metadata->name))
                return call_refuse(GRPC_INVALID_ARGUMENT, reterr_message, "config.metadata.name is missing");
        if (!isempty(config->hostname) && !pod_name_is_valid(config->hostname))
                return call_refuse(GRPC_INVALID_ARGUMENT, reterr_message,
                                   "config.hostname: '%s' is not a valid host name: letters, digits, '-' and '.', at "
                                   "most %i", config->hostname, POD_NAME_MAX);
        if (!isempty(config->log_directory) && !path_is_absolute(config->log_directory))
                return call_refuse(GRPC_INVALID_ARGUMENT, reterr_message,
                                   "log_directory '%s' is not an absolute path", config->log_directory);
        if (refusal)
                return call_refuse(GRPC_UNIMPLEMENTED, reterr_message, "not supported: %s", refusal);
        return GRPC_OK;
}

/* A kubelet names none for a pod on the host's network, whose programs take their own for the node's. */
static int name_like_node(CriSandboxRecord *record)
{
        char name[HOST_NAME_MAX + 1] = "";

        if (!isempty(record->hostname) || record->network != CRI__NAMESPACE_MODE__NODE ||
            gethostname(name, sizeof(name) - 1) < 0 || !pod_name_is_valid(name))
                return 0;
        return free_and_strdup(&record->hostname, name);
}

static int fill_in(const Cri__PodSandboxConfig *config, const char *network, CriSandboxPlan *p)
{
        const Cri__LinuxPodSandboxConfig *own = config->linux;
        RunArgs *args = &p->args;
        int r = uuid_new(&p->uuid);

        if (r < 0)
                return r;
        args->name = machine_name(config->metadata->name, &p->uuid);
        /* Kubernetes reads files, and a node's own journal would be full of what they have. */
        args->log = strdup("pod");
        if (!args->log)
                return -ENOMEM;
        args->private_users = p->record->uid_base > 0;
        r = args->name ? add_network(p->record, network, args) : -ENOMEM;
        if (r >= 0 && !isempty(p->record->hostname))
                r = free_and_strdup(&args->hostname, p->record->hostname);
        if (r >= 0)
                r = add_dns(config->dns_config, args);
        for (size_t i = 0; r >= 0 && own && i < own->n_sysctls; i++)
                r = strv_extendf(&args->sysctls, "%s=%s", own->sysctls[i]->key, own->sysctls[i]->value);
        return r < 0 ? r : add_annotations(p->record, args);
}

GrpcCode cri_sandbox_plan(const Cri__PodSandboxConfig *config, const char *handler, const char *network,
                          CriSandboxPlan *ret, char **reterr_message)
{
        CriSandboxPlan p = { .args = { .private_users = false, .mds_register = false, .mutable = true,
                                       .start.detach = true } };
        GrpcCode code = check(config, reterr_message);
        int r;

        if (code != GRPC_OK)
                return code;
        r = cri_sandbox_record_new(config, handler, &p.record);
        if (r == -EINVAL)
                code = call_refuse(GRPC_INVALID_ARGUMENT, reterr_message, "a name of a label has a '='");
        if (r >= 0)
                r = name_like_node(p.record);
        if (r >= 0)
                r = fill_in(config, network, &p);
        if (r >= 0)
                r = add_ports(config, &p.args, reterr_message);
        if (r == -EINVAL)
                code = GRPC_INVALID_ARGUMENT;
        if (r >= 0 && add_slice(config->linux ? config->linux->cgroup_parent : NULL, &p.args) == -EINVAL)
                code = call_refuse(GRPC_INVALID_ARGUMENT, reterr_message,
                                   "cgroup parent '%s': the name of a slice is expected, as kubelets with "
                                   "cgroupDriver: systemd have it", config->linux->cgroup_parent);
        if (r < 0 && code == GRPC_OK)
                code = GRPC_RESOURCE_EXHAUSTED;
        if (code != GRPC_OK) {
                cri_sandbox_plan_done(&p);
                return code;
        }
        *ret = p;
        return GRPC_OK;
}
