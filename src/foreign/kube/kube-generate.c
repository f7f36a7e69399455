/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdarg.h>

#include "basic/parse.h"
#include "basic/time-util.h"
#include "foreign/kube/kube-generate-internal.h"
#include "foreign/kube/kube-types-internal.h"
#include "manifest/appc-image.h"

int kube_generate_note(KubeGenerate *g, FindingState state, const char *app, const char *format, ...)
{
        char *text;
        va_list ap;

        va_start(ap, format);
        text = strvprintf(format, ap);
        va_end(ap);
        return text ? findings_add_text(g->findings, NULL, 0, app, state, text) : -ENOMEM;
}

/* Names and networks */

static int add_alias(KubeGenerate *g, const char *address, const char *said)
{
        KubePodSpec *spec = &g->object->spec;
        _cleanup_free_ char *name = NULL;
        struct KubeHostAlias *grown;

        if (kube_generate_domain(said, &name) < 0)
                return -ENOMEM;
        if (!name)
                return kube_generate_lose(g, NULL, "its name '%s' of %s", said, address);
        for (size_t i = 0; i < spec->n_aliases; i++)
                if (streq(spec->aliases[i].ip, address))
                        return strv_extend(&spec->aliases[i].names, name);
        grown = reallocarray(spec->aliases, spec->n_aliases + 1, sizeof(*grown));
        if (!grown)
                return -ENOMEM;
        spec->aliases = grown;
        grown[spec->n_aliases] = (struct KubeHostAlias) { .ip = strdup(address) };
        return grown[spec->n_aliases++].ip ? strv_extend(&grown[spec->n_aliases - 1].names, name) : -ENOMEM;
}

/* "IP=NAME,…" or "NAME", which belongs to the IP before it */
static int set_aliases(KubeGenerate *g)
{
        _cleanup_strv_free_ char **words = NULL;
        _cleanup_free_ char *address = NULL;
        const char *text = appc_pod_annotation(g->pod, "podctl/hosts-entry");
        int r = text ? strv_split(text, ',', &words) : 0;

        STRV_FOREACH(word, words) {
                const char *equals = strchr(*word, '=');

                if (r >= 0 && equals) {
                        free(address);
                        address = strndup(*word, equals - *word);
                        r = address ? 0 : -ENOMEM;
                }
                if (r >= 0 && !address)
                        r = kube_generate_lose(g, NULL, "the host's own /etc/hosts (podctl/hosts-entry)");
                else if (r >= 0 && streq(address, APPC_HOST_GATEWAY))
                        r = kube_generate_lose(g, NULL, "the host's address (" APPC_HOST_GATEWAY
                                               " in podctl/hosts-entry); write the address there");
                else if (r >= 0)
                        r = add_alias(g, address, equals ? equals + 1 : *word);
        }
        return r;
}

static int set_dns_options(KubeGenerate *g)
{
        _cleanup_strv_free_ char **words = NULL;
        KubePodSpec *spec = &g->object->spec;
        const char *text = appc_pod_annotation(g->pod, "podctl/dns-opt");
        int r = text ? strv_split(text, ',', &words) : 0;

        if (r < 0 || !words)
                return r;
        spec->dns_options = new0(struct KubeDnsOption, strv_length(words));
        if (!spec->dns_options)
                return -ENOMEM;
        STRV_FOREACH(word, words) {
                struct KubeDnsOption *o = &spec->dns_options[spec->n_dns_options++];

                r = split_pair(*word, ':', &o->name, &o->value);
                if (r < 0)
                        return r;
        }
        return 0;
}

/* Those of Kubernetes ("Pod's DNS Config"). */
#define NAME_SERVERS_MAX 3U
#define SEARCHES_MAX 32U

static int set_servers(KubeGenerate *g, const char *text)
{
        _cleanup_strv_free_ char **servers = NULL;
        int r = strv_split(text, ',', &servers);

        STRV_FOREACH(server, servers)
                if (r >= 0)
                        r = strv_length(g->object->spec.nameservers) < NAME_SERVERS_MAX
                                    ? strv_extend(&g->object->spec.nameservers, *server)
                                    : kube_generate_lose(g, NULL, "its name server %s: there are %u at most", *server,
                                                         NAME_SERVERS_MAX);
        return r;
}

static int set_searches(KubeGenerate *g, const char *text)
{
        _cleanup_strv_free_ char **searches = NULL;
        int r = strv_split(text, ',', &searches);

        STRV_FOREACH(search, searches) {
                _cleanup_free_ char *domain = NULL;

                if (r >= 0)
                        r = kube_generate_domain(*search, &domain);
                if (r < 0)
                        return r;
                r = domain && strv_length(g->object->spec.searches) < SEARCHES_MAX
                            ? strv_extend(&g->object->spec.searches, domain)
                            : kube_generate_lose(g, NULL, "its search domain '%s'", *search);
        }
        return r;
}

static int set_dns(KubeGenerate *g)
{
        KubePodSpec *spec = &g->object->spec;
        const char *servers = appc_pod_annotation(g->pod, "podctl/dns"),
                   *searches = appc_pod_annotation(g->pod, "podctl/dns-search");
        bool own = servers && !streq(servers, "host") && !streq(servers, "none");
        int r = own ? set_servers(g, servers) : 0;

        if (r >= 0 && searches)
                r = set_searches(g, searches);
        if (r >= 0 && servers && streq(servers, "none"))
                r = kube_generate_lose(g, NULL, "that it has no name servers (podctl/dns)");
        else if (r >= 0 && servers)
                r = free_and_strdup(&spec->dns_policy, own ? "None" : "Default");
        return r < 0 ? r : set_dns_options(g);
}

static int set_network(KubeGenerate *g)
{
        const char *net = appc_pod_annotation(g->pod, "podctl/net"),
                   *hostname = appc_pod_annotation(g->pod, "podctl/hostname"),
                   *engine = appc_pod_annotation(g->pod, APPC_ANNOTATION_STAGE1);
        KubePodSpec *spec = &g->object->spec;
        int r = hostname ? kube_generate_hostname(g, hostname) : 0;

        spec->host_network = net && streq(net, "host");
        spec->host_ipc = streq_ptr(appc_pod_annotation(g->pod, "podctl/ipc"), "parent");
        if (r >= 0 && net && !spec->host_network && !streq(net, "default"))
                r = kube_generate_lose(g, NULL, "its networks %s", net);
        if (r >= 0 && engine && !streq(engine, "nspawn"))
                r = kube_generate_lose(g, NULL, "its engine %s", engine);
        if (r >= 0)
                r = set_dns(g);
        return r < 0 ? r : set_aliases(g);
}

/* An app with options of podctl is of an image that has a namespace of its own unless somebody says otherwise; of one
 * without, nobody knows. */
static int set_processes(KubeGenerate *g)
{
        size_t n_shared = 0, n_own = 0;

        for (size_t i = 0; i < g->pod->n_apps; i++) {
                const AppcPodApp *app = &g->pod->apps[i];
                const char *pids = strv_env_get(app->annotations, APPC_ANNOTATION_PIDS)
                                           ?: appc_pod_annotation(g->pod, APPC_ANNOTATION_PIDS);

                n_shared += streq_ptr(pids, "shared");
                n_own += pids ? !streq(pids, "shared") : app->options != NULL;
        }
        g->object->spec.share_processes = n_own == 0;
        return n_own == 0 || n_shared == 0
                       ? 0
                       : kube_generate_note(g, FINDING_CHANGED, NULL, "shareProcessNamespace is for all containers");
}

static int set_sysctls(KubeGenerate *g)
{
        const Isolator *i = isolators_find(g->pod->isolators, g->pod->n_isolators, ISOLATOR_SYSCTL);
        KubeSecurity *s = g->object->spec.security;

        s->sysctls = i && i->sysctl ? new0(struct KubeSysctl, strv_length(i->sysctl)) : NULL;
        STRV_FOREACH(pair, i ? i->sysctl : NULL) {
                struct KubeSysctl *to = s->sysctls ? &s->sysctls[s->n_sysctls++] : NULL;

                if (!to || split_pair(*pair, '=', &to->name, &to->value) < 0)
                        return -ENOMEM;
        }
        return 0;
}

/* Ports: of the app that has a port of that name, otherwise of the first. */

static const AppPort *find_port(const AppcPod *pod, const PodPort *port, size_t *ret_app)
{
        *ret_app = 0;
        for (size_t i = 0; i < pod->n_apps; i++) {
                const AppPort *found = pod->apps[i].app ? app_find_port(pod->apps[i].app, port->name) : NULL;

                if (found) {
                        *ret_app = i;
                        return found;
                }
        }
        return port->pod_port;
}

/* One of a range. */
static int add_port(KubeContainer *c, const PodPort *port, const AppPort *of_app, uint32_t i)
{
        static const struct {
                const char *protocol, *name;
        } protocols[] = { { "udp", "UDP" }, { "sctp", "SCTP" } };
        KubePort *grown = reallocarray(c->ports, c->n_ports + 1, sizeof(KubePort)), *p;
        int r = 0;

        if (!grown)
                return -ENOMEM;
        c->ports = grown;
        p = &grown[c->n_ports++];
        *p = (KubePort) { .container_port = of_app->port + i, .host_port = port->host_port + i };
        if (port->host_ip)
                r = free_and_strdup(&p->host_ip, port->host_ip);
        for (size_t k = 0; r >= 0 && k < ELEMENTSOF(protocols); k++)
                if (streq_ptr(of_app->protocol, protocols[k].protocol))
                        r = free_and_strdup(&p->protocol, protocols[k].name);
        return r;
}

static int add_range(KubeContainer *c, const PodPort *port, const AppPort *of_app)
{
        int r = 0;

        for (uint32_t i = 0; r >= 0 && i < MAX(of_app->count, 1U); i++)
                r = add_port(c, port, of_app, i);
        return r;
}

static int set_ports(KubeGenerate *g, KubeContainer *const *containers)
{
        int r = 0;

        for (size_t i = 0; r >= 0 && i < g->pod->n_ports; i++) {
                size_t at;
                const AppPort *port = find_port(g->pod, &g->pod->ports[i], &at);

                r = port ? add_range(containers[at], &g->pod->ports[i], port)
                         : kube_generate_lose(g, NULL, "port '%s', which only the image knows", g->pod->ports[i].name);
        }
        return r;
}

/* Containers */

static bool is_oneshot(const AppcPodApp *app)
{
        return streq_ptr(strv_env_get(app->annotations, APPC_ANNOTATION_ONESHOT), "true");
}

/* What others wait for. */
static bool is_required(const AppcPod *pod, const char *name)
{
        for (size_t i = 0; i < pod->n_apps; i++) {
                _cleanup_strv_free_ char **names = NULL;
                const char *text = strv_env_get(pod->apps[i].annotations, APPC_ANNOTATION_REQUIRES);

                if (text && strv_split(text, ',', &names) >= 0 && strv_contains(names, name))
                        return true;
        }
        return false;
}

static const char *policy_of(const AppcPodApp *app)
{
        const char *restart = strv_env_get(app->annotations, APPC_ANNOTATION_RESTART);

        return streq_ptr(restart, "always") ? "Always" : streq_ptr(restart, "on-failure") ? "OnFailure" : "Never";
}

static int set_policy(KubeGenerate *g, const AppcPodApp *app)
{
        KubePodSpec *spec = &g->object->spec;

        if (!spec->restart_policy)
                return free_and_strdup(&spec->restart_policy, policy_of(app));
        return streq(spec->restart_policy, policy_of(app))
                       ? 0
                       : kube_generate_note(g, FINDING_CHANGED, app->name, "restartPolicy %s is that of the pod",
                                            spec->restart_policy);
}

/* What has to end, or to be there, before others start. A pod has at least one that is not: where all are, the last. */
static bool is_init(const AppcPod *pod, size_t index)
{
        bool last = index + 1 == pod->n_apps;

        for (size_t i = 0; last && i < index; i++)
                last = is_oneshot(&pod->apps[i]) || is_required(pod, pod->apps[i].name);
        return !last && (is_oneshot(&pod->apps[index]) || is_required(pod, pod->apps[index].name));
}

/* Kubernetes has none of an init container that ends. */
static int drop_checks(KubeGenerate *g, const AppcPodApp *app, KubeContainer *c)
{
        const KubeLifecycle *l = c->lifecycle;
        bool has = l, hooks = l && (l->hooks[APP_HOOK_POST_START] || l->hooks[APP_HOOK_PRE_STOP]);

        for (HealthKind kind = 0; kind < _HEALTH_KIND_MAX; kind++) {
                has = has || c->probes[kind];
                kube_type_probe.free(&kube_type_probe, &c->probes[kind]);
        }
        kube_type_lifecycle.free(&kube_type_lifecycle, &c->lifecycle);
        return has ? kube_generate_note(g, hooks ? FINDING_LOST : FINDING_CHANGED, app->name,
                                        "its checks, hooks and stop signal: it is to end before others start")
                   : 0;
}

static int add_app(KubeGenerate *g, size_t index, KubeContainer **ret)
{
        const AppcPodApp *app = &g->pod->apps[index];
        KubePodSpec *spec = &g->object->spec;
        bool oneshot = is_oneshot(app), init = is_init(g->pod, index);
        int r;

        *ret = init ? &spec->init[spec->n_init++] : &spec->containers[spec->n_containers++];
        r = kube_generate_container(g, app, *ret);
        if (r >= 0 && init)
                r = oneshot ? drop_checks(g, app, *ret) : free_and_strdup(&(*ret)->restart_policy, "Always");
        return r < 0 || init ? r : set_policy(g, app);
}

static json_object *seconds_of(uint64_t usec)
{
        return json_object_new_int64((int64_t) ((usec + USEC_PER_SEC - 1) / USEC_PER_SEC));
}

static uint64_t grace_of(const AppcPodApp *app, bool *said)
{
        uint64_t usec;

        if (app->options && app->options->stop_timeout && parse_duration(app->options->stop_timeout, &usec) >= 0) {
                *said = true;
                return usec;
        }
        *said = *said || (app->app && app->app->stop_timeout > 0);
        return (uint64_t) (app->app && app->app->stop_timeout > 0 ? app->app->stop_timeout : APP_STOP_TIMEOUT) *
               USEC_PER_SEC;
}

/* The longest of all: Kubernetes has one for the pod. Where none says anything, the file does not, either. */
static int set_grace(KubeGenerate *g)
{
        uint64_t longest = 0;
        bool said = false;
        int r = 0;

        for (size_t i = 0; i < g->pod->n_apps; i++)
                longest = MAX(longest, grace_of(&g->pod->apps[i], &said));
        if (!said)
                return 0;
        for (size_t i = 0; r >= 0 && i < g->pod->n_apps; i++)
                if (grace_of(&g->pod->apps[i], &said) < longest)
                        r = kube_generate_note(g, FINDING_CHANGED, g->pod->apps[i].name,
                                               "it has as long to end as the app of the pod that has longest");
        g->object->spec.grace = seconds_of(longest);
        return r;
}

static void set_deadline(KubeGenerate *g)
{
        const char *text = appc_pod_annotation(g->pod, "podctl/deadline");
        uint64_t usec = 0;

        if (text && parse_duration(text, &usec) >= 0 && usec > 0)
                g->object->spec.deadline = seconds_of(usec);
}

/* The way back of podman's annotation, see kube-spec.c. */
static int set_update(KubeGenerate *g)
{
        const char *way = appc_pod_annotation(g->pod, "podctl/auto-update");

        if (!way || streq(way, "off"))
                return 0;
        if (!streq(way, "restart"))
                return kube_generate_lose(g, NULL, "how it is updated, '%s' (podctl/auto-update)", way);
        return strv_env_set(&g->object->meta.annotations, "io.containers.autoupdate", "registry");
}

/* Only where a container has a signal does Kubernetes want to know what it runs on. */
static int set_os(KubePodSpec *spec)
{
        bool wanted = false;

        for (size_t i = 0; i < spec->n_containers; i++)
                wanted = wanted || (spec->containers[i].lifecycle && spec->containers[i].lifecycle->stop_signal);
        for (size_t i = 0; i < spec->n_init; i++)
                wanted = wanted || (spec->init[i].lifecycle && spec->init[i].lifecycle->stop_signal);
        return wanted ? free_and_strdup(&spec->os, "linux") : 0;
}

static int fill(KubeGenerate *g, const char *name)
{
        _cleanup_free_ KubeContainer **containers = new0(KubeContainer *, g->pod->n_apps);
        KubePodSpec *spec = &g->object->spec;
        KubeMeta *meta = &g->object->meta;
        int r = kube_generate_name(g, name);

        spec->containers = new0(KubeContainer, g->pod->n_apps);
        spec->init = new0(KubeContainer, g->pod->n_apps);
        spec->security = new0(KubeSecurity, 1);
        if (!spec->containers || !spec->init || !spec->security || !containers)
                return -ENOMEM;
        if (r >= 0)
                r = kube_generate_pairs(g, "annotation", g->pod->user_annotations, false, &meta->annotations);
        if (r >= 0)
                r = kube_generate_pairs(g, "label", g->pod->user_labels, true, &meta->labels);
        if (r >= 0)
                r = set_update(g);
        if (r >= 0)
                r = set_network(g);
        if (r >= 0)
                r = set_processes(g);
        if (r >= 0)
                r = set_sysctls(g);
        for (size_t i = 0; r >= 0 && i < g->pod->n_apps; i++)
                r = add_app(g, i, &containers[i]);
        if (r >= 0)
                r = set_ports(g, containers);
        if (r >= 0)
                r = set_os(spec);
        if (r >= 0)
                r = kube_generate_lost_annotations(g, NULL, g->pod->annotations);
        kube_generate_drop_group(spec->security);
        kube_generate_drop_empty(&spec->security);
        set_deadline(g);
        return r < 0 ? r : set_grace(g);
}

/* Documents */

static int add_claims(char *const *claims, json_object *documents)
{
        STRV_FOREACH(name, claims) {
                _cleanup_free_ char *text = strprintf("{\"apiVersion\":\"v1\",\"kind\":\"PersistentVolumeClaim\","
                                                      "\"metadata\":{\"name\":\"%s\"},\"spec\":{\"accessModes\":"
                                                      "[\"ReadWriteOnce\"],\"resources\":{\"requests\":"
                                                      "{\"storage\":\"1Gi\"}}}}",
                                                      *name);
                json_object *claim = text ? json_tokener_parse(text) : NULL;

                if (!claim || json_object_array_add(documents, claim) < 0)
                        return -ENOMEM;
        }
        return 0;
}

static int add_pod(KubePodObject *object, json_object *documents)
{
        json_object *head = json_object_new_object(), *written = NULL;
        int r = json_object_array_add(documents, head) < 0 ? -ENOMEM
                                                           : kube_type_pod.write(&kube_type_pod, &object, &written);

        if (r < 0)
                return r;
        (void) json_object_object_add(head, "apiVersion", json_object_new_string("v1"));
        (void) json_object_object_add(head, "kind", json_object_new_string("Pod"));
        json_object_object_foreach(written, member, value)(void)
                json_object_object_add(head, member, json_object_get(value));
        (void) json_object_put(written);
        return 0;
}

int kube_generate(const AppcPod *pod, const char *name, Findings *findings, json_object **ret)
{
        KubeGenerate g = { .pod = pod, .object = new0(KubePodObject, 1), .findings = findings };
        _cleanup_json_object_ json_object *documents = json_object_new_array();
        int r = g.object && documents ? fill(&g, name) : -ENOMEM;

        if (r >= 0)
                r = add_claims(g.claims, documents);
        if (r >= 0)
                r = add_pod(g.object, documents);
        (void) json_document_free(&kube_type_pod, g.object);
        strv_free(g.claims);
        if (r >= 0)
                *ret = TAKE_PTR(documents);
        return r;
}
