/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdarg.h>

#include "basic/base64.h"
#include "foreign/draft/foreign-name.h"
#include "foreign/kube/kube-pod-internal.h"
#include "foreign/kube/kube-policy.h"
#include "manifest/appc-image.h"

int kube_note(const KubeMake *m, bool refused, const char *member, const char *format, ...)
{
        _cleanup_free_ char *text = NULL, *at = strjoin(m->path, *member ? "." : "", member);
        va_list ap;

        va_start(ap, format);
        text = strvprintf(format, ap);
        va_end(ap);
        if (!text || !at)
                return -ENOMEM;
        if (json_left_out_explains(m->left_out, at))
                return 0;
        return findings_add_at(&m->pod->findings, yaml_place_of(m->document, at), at,
                               refused ? FINDING_LOST : FINDING_CHANGED, "%s", text);
}

bool kube_is_left_out(const KubeMake *m, const char *member)
{
        _cleanup_free_ char *at = strjoin(m->path, ".", member);

        return at && json_left_out_has(m->left_out, at);
}

/* ConfigMaps and Secrets */

const KubeSource *kube_find_source(const KubeMake *m, bool secret, const char *name)
{
        for (size_t i = 0; i < m->n_sources; i++)
                if (m->sources[i].secret == secret && streq(m->sources[i].config->meta.name, name))
                        return &m->sources[i];
        return NULL;
}

/* One without a name may be any. */
bool kube_source_was_wrong(const KubeMake *m, bool secret, const char *name)
{
        const KubeSource *s = kube_find_source(m, secret, name) ?: kube_find_source(m, secret, "");

        return s && s->wrong;
}

static const char *find_text(const KubeSource *s, const char *key)
{
        const char *text = strv_env_get(s->config->strings, key);

        return text || s->secret ? text : strv_env_get(s->config->data, key);
}

static const char *find_packed(const KubeSource *s, const char *key)
{
        return strv_env_get(s->secret ? s->config->data : s->config->binary, key);
}

bool kube_source_has(const KubeSource *s, const char *key)
{
        return find_text(s, key) || find_packed(s, key);
}

int kube_source_decode(const char *packed, char **ret, size_t *ret_size)
{
        return base64_decode_without(packed, "\r\n", ret, ret_size);
}

int kube_source_get(const KubeSource *s, const char *key, char **ret, size_t *ret_size)
{
        const char *text = find_text(s, key), *packed = find_packed(s, key);

        if (!text && !packed)
                return -ENOENT;
        if (!text)
                return kube_source_decode(packed, ret, ret_size);
        *ret = strdup(text);
        *ret_size = strlen(text);
        return *ret ? 0 : -ENOMEM;
}

int kube_source_keys(const KubeSource *s, bool texts, char ***ret)
{
        char *const *const lists[] = { s->config->data, texts ? NULL : s->config->binary, s->config->strings };
        _cleanup_strv_free_ char **keys = NULL;

        for (size_t i = 0; i < ELEMENTSOF(lists); i++)
                STRV_FOREACH(pair, lists[i]) {
                        _cleanup_free_ char *key = strndup(*pair, strcspn(*pair, "="));

                        if (!key || (!strv_contains(keys, key) && strv_extend(&keys, key) < 0))
                                return -ENOMEM;
                }
        *ret = TAKE_PTR(keys);
        return 0;
}

gid_t kube_fs_group(const KubeMake *m)
{
        const KubeSecurity *s = m->spec->security;

        return s && s->fs_group ? (gid_t) json_object_get_int64(s->fs_group) : 0;
}

int kube_add_file(const KubeMake *m, const KubeFile *from)
{
        KubePod *pod = m->pod;
        KubeFile file = *from;

        for (size_t i = 0; i < pod->n_files; i++)
                if (streq(pod->files[i].path, from->path))
                        return 0;
        file.path = strdup(from->path);
        file.data = malloc(from->size + 1);
        file.credential = from->credential ? strdup(from->credential) : NULL;
        if (!file.path || !file.data || (from->credential && !file.credential) ||
            ARRAY_GROW(pod->files, pod->allocated_files, pod->n_files, 1) < 0) {
                kube_file_done(&file);
                return -ENOMEM;
        }
        memcpy(file.data, from->data, from->size);
        file.data[from->size] = 0;
        pod->files[pod->n_files++] = file;
        return 0;
}

int kube_source_credential(const KubeSource *s, const char *key, char **ret)
{
        *ret = s->encrypted ? strjoin(s->config->meta.name, ".", key) : NULL;
        return s->encrypted && !*ret ? -ENOMEM : 0;
}

/* The pod */

static int annotate(const KubeMake *m, const char *name, const char *value)
{
        return isempty(value) ? 0 : strv_env_set(&m->pod->manifest->annotations, name, value);
}

static int annotate_list(const KubeMake *m, const char *name, char *const *values)
{
        _cleanup_free_ char *text = values ? strv_join(values, ",") : NULL;

        return !values ? 0 : text ? annotate(m, name, text) : -ENOMEM;
}

/* Those of all images of the pod. */
typedef struct PullPolicies {
        size_t least, most;
        bool refused;
} PullPolicies;

/* Takes over the path of the member. */
static int see_pull_policy(const KubeMake *m, char *where, const char *image, const char *said, PullPolicies *all)
{
        _cleanup_free_ char *own = where;
        const char *tag = strrchr(image, ':');
        bool latest = !strchr(image, '@') && (!tag || strchr(tag, '/') || streq(tag, ":latest"));
        const char *wanted = said ?: latest ? "Always" : "IfNotPresent";
        size_t k = 0;

        if (!own)
                return -ENOMEM;
        if (isempty(image) && !said) /* it is left out */
                return 0;
        while (k < KUBE_PULL_POLICIES && !streq(kube_pull_policies[k][0], wanted))
                k++;
        if (k == KUBE_PULL_POLICIES) {
                all->refused = true;
                return kube_refuse(m, where, "expected Always, IfNotPresent or Never, not '%s'", wanted);
        }
        all->least = MIN(all->least, k);
        all->most = MAX(all->most, k);
        return 0;
}

static int see_containers(const KubeMake *m, const char *section, const KubeContainer *items, size_t n,
                          PullPolicies *all)
{
        int r = 0;

        for (size_t i = 0; r >= 0 && i < n; i++)
                r = see_pull_policy(m, strprintf("%s[%zu].imagePullPolicy", section, i), items[i].image,
                                    items[i].pull_policy, all);
        return r;
}

static int see_volumes(const KubeMake *m, PullPolicies *all)
{
        int r = 0;

        for (size_t i = 0; r >= 0 && i < m->spec->n_volumes; i++) {
                const struct KubeImageVolume *image = m->spec->volumes[i].image;

                if (image)
                        r = see_pull_policy(m, strprintf("volumes[%zu].image.pullPolicy", i), image->reference,
                                            image->pull_policy, all);
        }
        return r;
}

/* One policy for all, so the one that asks most counts. */
static int set_pull_policy(const KubeMake *m)
{
        PullPolicies all = { .least = KUBE_PULL_POLICIES };
        int r = see_containers(m, "containers", m->spec->containers, m->spec->n_containers, &all);

        if (r >= 0)
                r = see_containers(m, "initContainers", m->spec->init, m->spec->n_init, &all);
        if (r >= 0)
                r = see_volumes(m, &all);
        if (r < 0 || all.refused)
                return r;
        if (all.least == 0 && all.most > 0)
                return kube_refuse(m, "containers", "not supported: the policy Never for some images only");
        return annotate(m, "podctl/pull-policy", kube_pull_policies[all.most][1]);
}

/* What registries want to know, as docker writes it now ("auths" is a member), or once did (it is all there is). */
static int add_login(const KubeMake *m, const char *where, const KubeSource *s)
{
        static const char *const keys[] = { ".dockerconfigjson", ".dockercfg" };
        _cleanup_free_ char *data = NULL, *login = NULL;
        size_t n = 0;
        int r = kube_source_get(s, keys[0], &data, &n);
        bool old = r == -ENOENT;

        if (s->encrypted)
                return kube_refuse(m, where, "not supported: Secret '%s' is encrypted, and it is for registries",
                                   s->config->meta.name);
        if (old)
                r = kube_source_get(s, keys[1], &data, &n);
        if (r == -ENOENT && !s->wrong)
                return kube_refuse(m, where, "Secret '%s' has no key '.dockerconfigjson'", s->config->meta.name);
        if (r < 0)
                return r == -ENOMEM ? r : 0;
        login = old ? strprintf("%s={\"auths\":%.*s}", s->config->meta.name, (int) n, data)
                    : strprintf("%s=%.*s", s->config->meta.name, (int) n, data);
        explicit_bzero(data, n);
        r = login ? strv_extend(&m->pod->logins, login) : -ENOMEM;
        if (login)
                explicit_bzero(login, strlen(login));
        return r;
}

static int set_logins(const KubeMake *m)
{
        int r = 0;

        for (size_t i = 0; r >= 0 && i < m->spec->n_pull_secrets; i++) {
                const char *name = m->spec->pull_secrets[i].name;
                const KubeSource *s = kube_find_source(m, true, name);
                _cleanup_free_ char *where = strprintf("imagePullSecrets[%zu]", i);

                if (!where)
                        return -ENOMEM;
                if (s)
                        r = add_login(m, where, s);
                else if (!kube_source_was_wrong(m, true, name))
                        r = kube_warn(m, where, "there is no Secret '%s' in the file; passwords of registries may be "
                                                "in auth.d, see podctl-config(1)", name);
        }
        return r;
}

static int set_names(const KubeMake *m)
{
        _cleanup_strv_free_ char **options = NULL, **hosts = NULL;
        int r = kube_check_names(m);

        for (size_t i = 0; r >= 0 && i < m->spec->n_dns_options; i++) {
                const struct KubeDnsOption *o = &m->spec->dns_options[i];

                r = strv_extendf(&options, "%s%s%s", o->name, o->value ? ":" : "", strempty(o->value));
        }
        for (size_t i = 0; r >= 0 && i < m->spec->n_aliases; i++)
                STRV_FOREACH(name, m->spec->aliases[i].names)
                        if (strv_extendf(&hosts, "%s=%s", m->spec->aliases[i].ip, *name) < 0)
                                return -ENOMEM;
        if (r >= 0)
                r = annotate_list(m, "podctl/dns-opt", options);
        if (r >= 0)
                r = annotate_list(m, "podctl/dns", m->spec->nameservers);
        if (r >= 0)
                r = annotate_list(m, "podctl/dns-search", m->spec->searches);
        if (r >= 0)
                r = annotate_list(m, "podctl/hosts-entry", hosts);
        return r;
}

static int set_hostname(const KubeMake *m, const char *name)
{
        if (isempty(name) || foreign_name_is_valid(FOREIGN_HOST, name))
                return annotate(m, "podctl/hostname", name);
        return kube_refuse(m, "hostname", "'%s' is not a valid name of a host: %s", name,
                           foreign_name_rule(FOREIGN_HOST));
}

static int set_network(const KubeMake *m)
{
        static const char *const policies[] = { "ClusterFirst", "ClusterFirstWithHostNet", "Default", "None" };
        const KubePodSpec *s = m->spec;
        bool known = isempty(s->dns_policy);
        int r = 0;

        for (size_t i = 0; i < ELEMENTSOF(policies); i++)
                known = known || streq(policies[i], s->dns_policy);
        if (!known)
                r = kube_refuse(m, "dnsPolicy", "'%s' is not a valid policy", s->dns_policy);
        else if (startswith(strempty(s->dns_policy), "ClusterFirst"))
                r = kube_warn(m, "dnsPolicy", "has no effect: names are asked for where the host asks");
        else if (streq(strempty(s->dns_policy), "None") && !s->nameservers)
                r = kube_refuse(m, "dnsPolicy", "None needs dnsConfig.nameservers");
        if (r >= 0 && !isempty(s->subdomain))
                r = kube_warn(m, "subdomain", "has no effect: there is no cluster whose names the pod could have");
        if (r >= 0)
                r = set_hostname(m, s->hostname);
        if (r >= 0 && s->host_network)
                r = annotate(m, "podctl/net", "host");
        if (r >= 0 && s->host_ipc)
                r = annotate(m, "podctl/ipc", "parent");
        if (r >= 0)
                r = annotate(m, APPC_ANNOTATION_PIDS, s->share_processes ? "shared" : "private");
        return r < 0 ? r : set_names(m);
}

/* The workload's counts as well, and the shorter one first. */
static int set_deadline(const KubeMake *m)
{
        json_object *own = m->spec->deadline, *around = m->deadline,
                    *first = own && around && json_object_get_int64(around) < json_object_get_int64(own) ? around
                             : own                                                                       ? own
                                                                                                         : around;

        return first ? annotate(m, "podctl/deadline", json_object_get_string(first)) : 0;
}

/* podman's annotation, of all containers or, with its name behind a slash, of one: see podman-auto-update(1). */
static int set_update(const KubeMake *m)
{
        static const char key[] = "io.containers.autoupdate";

        STRV_FOREACH(pair, m->meta->annotations) {
                const char *rest = startswith(*pair, key), *value = strchr(*pair, '=');

                if (rest && value && (*rest == '=' || *rest == '/') &&
                    (streq(value + 1, "registry") || streq(value + 1, "image")))
                        return annotate(m, "podctl/auto-update", "restart");
        }
        return 0;
}

static int check_sysctl(const KubeMake *m, const char *name, size_t i)
{
        _cleanup_free_ char *at = strprintf("securityContext.sysctls[%zu]", i);
        const char *why = sysctl_why_not(name, !m->spec->host_network, !m->spec->host_ipc);

        if (!at)
                return -ENOMEM;
        return why ? kube_refuse(m, at, "'%s' %s", name, why) : 0;
}

static int set_sysctls(const KubeMake *m)
{
        _cleanup_json_object_ json_object *all = json_object_new_object();
        const KubeSecurity *s = m->spec->security;
        _cleanup_json_error_ JsonError e = {};
        AppcPod *pod = m->pod->manifest;
        int r;

        for (size_t i = 0; s && i < s->n_sysctls; i++) {
                r = check_sysctl(m, s->sysctls[i].name, i);
                if (r < 0)
                        return r;
                (void) json_object_object_add(all, s->sysctls[i].name, json_object_new_string(s->sysctls[i].value));
        }
        if (!s || s->n_sysctls == 0)
                return 0;
        r = isolators_set(&pod->isolators, &pod->n_isolators, ISOLATOR_SYSCTL, json_object_to_json_string(all), &e);
        return r == -EINVAL ? kube_refuse(m, "securityContext.sysctls", "%s", json_error_message(&e, r)) : r;
}

static int add_containers(const KubeMake *m)
{
        _cleanup_strv_free_ char **before = NULL;
        int r = 0;

        for (size_t i = 0; r >= 0 && i < m->spec->n_init; i++) {
                _cleanup_free_ char *where = strprintf("initContainers[%zu]", i), *names = NULL;

                names = before ? strv_join(before, ",") : NULL;
                r = where && !before == !names ? kube_container(m, &m->spec->init[i], where, true, names) : -ENOMEM;
                if (r >= 0)
                        r = strv_extend(&before, m->spec->init[i].name);
        }
        for (size_t i = 0; r >= 0 && i < m->spec->n_containers; i++) {
                _cleanup_free_ char *where = strprintf("containers[%zu]", i), *names = NULL;

                names = before ? strv_join(before, ",") : NULL;
                r = where && !before == !names ? kube_container(m, &m->spec->containers[i], where, false, names)
                                               : -ENOMEM;
        }
        return r;
}

static int set_restart(KubeMake *m, bool job)
{
        static const char *const policies[][2] = { { "Always", "always" }, { "OnFailure", "on-failure" },
                                                   { "Never", "no" } };
        const char *said = m->spec->restart_policy;

        m->restart = said ? NULL : "always";
        for (size_t i = 0; said && i < ELEMENTSOF(policies); i++)
                if (streq(said, policies[i][0]))
                        m->restart = policies[i][1];
        if (m->restart && !(job && streq(m->restart, "always"))) {
                if (streq(m->restart, "no") && m->spec->n_containers > 1)
                        return kube_warn(m, "restartPolicy", "the first container that fails ends the pod");
                return 0;
        }
        m->restart = "no";
        return kube_refuse(m, "restartPolicy", "expected %s, not '%s'",
                           job ? "OnFailure or Never for a Job" : "Always, OnFailure or Never", said ?: "Always");
}

int kube_spec_make(KubeMake *m, bool job)
{
        AppcPod *pod = m->pod->manifest;
        int r = set_restart(m, job);

        if (r >= 0)
                r = strv_extend_strv(&pod->user_annotations, m->meta->annotations);
        if (r >= 0)
                r = strv_extend_strv(&pod->user_labels, m->meta->labels);
        if (r >= 0)
                r = kube_volumes(m);
        if (r >= 0)
                r = add_containers(m);
        if (r >= 0)
                r = set_pull_policy(m);
        if (r >= 0)
                r = set_logins(m);
        if (r >= 0)
                r = set_network(m);
        if (r >= 0)
                r = set_deadline(m);
        if (r >= 0)
                r = set_update(m);
        return r < 0 ? r : set_sysctls(m);
}
