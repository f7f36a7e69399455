/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdarg.h>

#include "basic/base64.h"
#include "foreign/kube/kube-pod-internal.h"
#include "foreign/yaml/yaml-json.h"

KubePod *kube_pod_free(KubePod *pod)
{
        if (!pod)
                return NULL;
        for (size_t i = 0; i < pod->n_files; i++) {
                free(pod->files[i].path);
                if (pod->files[i].data)
                        explicit_bzero(pod->files[i].data, pod->files[i].size);
                free(pod->files[i].data);
        }
        free(pod->files);
        free(pod->name);
        appc_pod_free(pod->manifest);
        findings_done(&pod->findings);
        return mfree(pod);
}

bool kube_path_is_yaml(const char *path)
{
        return endswith(path, ".yaml") || endswith(path, ".yml");
}

int kube_note(const KubeMake *m, bool refused, const char *member, const char *format, ...)
{
        _cleanup_free_ char *text = NULL, *at = strjoin(m->path, *member ? "." : "", member);
        va_list ap;

        va_start(ap, format);
        text = strvprintf(format, ap);
        va_end(ap);
        if (!text || !at)
                return -ENOMEM;
        return findings_add_at(&m->pod->findings, yaml_place_of(m->document, at), at,
                               refused ? FINDING_LOST : FINDING_CHANGED, "%s", text);
}

/* ConfigMaps and Secrets */

const KubeSource *kube_find_source(const KubeMake *m, bool secret, const char *name)
{
        for (size_t i = 0; i < m->n_sources; i++)
                if (m->sources[i].secret == secret && streq(m->sources[i].config->meta.name, name))
                        return &m->sources[i];
        return NULL;
}

int kube_source_get(const KubeSource *s, const char *key, char **ret, size_t *ret_size)
{
        const char *text = strv_env_get(s->config->strings, key), *packed;

        text = text || s->secret ? text : strv_env_get(s->config->data, key);
        packed = strv_env_get(s->secret ? s->config->data : s->config->binary, key);
        if (!text && !packed)
                return -ENOENT;
        if (!text)
                return base64_decode(packed, ret, ret_size);
        *ret = strdup(text);
        *ret_size = strlen(text);
        return *ret ? 0 : -ENOMEM;
}

int kube_source_keys(const KubeSource *s, char ***ret)
{
        char *const *const lists[] = { s->config->data, s->config->binary, s->config->strings };
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

int kube_add_file(const KubeMake *m, const char *path, mode_t mode, const void *data, size_t n)
{
        KubePod *pod = m->pod;
        KubeFile file = { strdup(path), mode, malloc(n + 1), n };

        for (size_t i = 0; file.path && i < pod->n_files; i++)
                if (streq(pod->files[i].path, path)) {
                        free(file.path);
                        free(file.data);
                        return 0;
                }
        if (!file.path || !file.data || ARRAY_GROW(pod->files, pod->allocated_files, pod->n_files, 1) < 0) {
                free(file.path);
                free(file.data);
                return -ENOMEM;
        }
        memcpy(file.data, data, n);
        pod->files[pod->n_files++] = file;
        return 0;
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

/* One policy for all, so the one that asks most counts. */
static int set_pull_policy(const KubeMake *m)
{
        static const char *const policies[][2] = { { "Never", "never" }, { "IfNotPresent", "new" },
                                                   { "Always", "update" } };
        size_t least = ELEMENTSOF(policies), most = 0;

        for (size_t i = 0; i < m->spec->n_containers + m->spec->n_init; i++) {
                bool init = i >= m->spec->n_containers;
                size_t at = init ? i - m->spec->n_containers : i, k = 0;
                const KubeContainer *c = init ? &m->spec->init[at] : &m->spec->containers[at];
                const char *tag = strrchr(c->image, ':');
                bool latest = !strchr(c->image, '@') && (!tag || strchr(tag, '/') || streq(tag, ":latest"));
                const char *wanted = c->pull_policy ?: latest ? "Always" : "IfNotPresent";
                _cleanup_free_ char *where = strprintf("%s[%zu].imagePullPolicy",
                                                       init ? "initContainers" : "containers", at);

                if (!where)
                        return -ENOMEM;
                while (k < ELEMENTSOF(policies) && !streq(policies[k][0], wanted))
                        k++;
                if (k == ELEMENTSOF(policies))
                        return kube_refuse(m, where, "expected Always, IfNotPresent or Never, not '%s'", wanted);
                least = MIN(least, k);
                most = MAX(most, k);
        }
        if (least == 0 && most > 0)
                return kube_refuse(m, "containers", "not supported: imagePullPolicy Never for some containers only");
        return annotate(m, "podctl/pull-policy", policies[most][1]);
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
                r = annotate(m, "podctl/hostname", s->hostname);
        if (r >= 0 && s->host_network)
                r = annotate(m, "podctl/net", "host");
        return r < 0 ? r : set_names(m);
}

static int set_sysctls(const KubeMake *m)
{
        _cleanup_json_object_ json_object *all = json_object_new_object();
        const KubeSecurity *s = m->spec->security;
        _cleanup_json_error_ JsonError e = {};
        AppcPod *pod = m->pod->manifest;
        int r;

        for (size_t i = 0; s && i < s->n_sysctls; i++)
                (void) json_object_object_add(all, s->sysctls[i].name, json_object_new_string(s->sysctls[i].value));
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
                if (!streq(m->restart, "always") && m->spec->n_containers > 1)
                        return kube_warn(m, "restartPolicy", "the first container that fails ends the pod");
                return 0;
        }
        m->restart = "no";
        return kube_refuse(m, "restartPolicy", "expected %s, not '%s'",
                           job ? "OnFailure or Never for a Job" : "Always, OnFailure or Never", said ?: "Always");
}

static int fill_in(KubeMake *m, bool job)
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
                r = set_network(m);
        return r < 0 ? r : set_sysctls(m);
}

/* The text: its objects */

typedef struct Text {
        KubePod *pod;
        const char *directory;
        KubeObject *objects;
        size_t n_objects, allocated;
        KubeSource *sources;
        size_t n_sources, allocated_sources;
} Text;

static void text_done(Text *t)
{
        for (size_t i = 0; i < t->n_objects; i++)
                free(t->objects[i].path);
        free(t->objects);
        for (size_t i = 0; i < t->n_sources; i++)
                json_document_free(&kube_type_config, t->sources[i].config);
        free(t->sources);
}

static int note(Text *t, const KubeObject *k, bool refused, const char *member, const char *text)
{
        _cleanup_free_ char *at = strjoin(k->path, *k->path && *member ? "." : "", member);

        return at ? findings_add_at(&t->pod->findings, yaml_place_of(k->document, at), at,
                                    refused ? FINDING_LOST : FINDING_CHANGED, "%s", text)
                  : -ENOMEM;
}

static int add_object(Text *t, YamlDocument document, json_object *o, const char *path)
{
        json_object *kind = json_object_is_type(o, json_type_object) ? json_object_object_get(o, "kind") : NULL;
        KubeObject k = { json_object_get_string(kind), o, document, strdup(path) };

        if (!k.path || ARRAY_GROW(t->objects, t->allocated, t->n_objects, 1) < 0) {
                free(k.path);
                return -ENOMEM;
        }
        t->objects[t->n_objects++] = k;
        return json_object_is_type(kind, json_type_string)
                       ? 0
                       : note(t, &t->objects[t->n_objects - 1], true, "", "an object needs 'kind', such as Pod");
}

static int add_objects(Text *t, YamlDocument document)
{
        json_object *o = document.value, *items = NULL;
        int r = 0;

        if (!json_object_is_type(o, json_type_object) ||
            !streq(strempty(json_object_get_string(json_object_object_get(o, "kind"))), "List"))
                return add_object(t, document, o, "");
        (void) json_object_object_get_ex(o, "items", &items);
        for (size_t i = 0; r >= 0 && json_object_is_type(items, json_type_array) && i < json_object_array_length(items);
             i++) {
                _cleanup_free_ char *path = strprintf("items[%zu]", i);

                r = path ? add_object(t, document, json_object_array_get_idx(items, i), path) : -ENOMEM;
        }
        return r;
}

static int note_mistake(Text *t, const KubeObject *k, const JsonMistake *mistake)
{
        _cleanup_free_ char *member = strndup(mistake->text, mistake->n_path);
        const char *text = mistake->text + mistake->n_path;

        return member ? note(t, k, true, member, startswith(text, ": ") ?: text) : -ENOMEM;
}

/* Reads an object by a table, and notes all that is wrong. 0: it is read; 1: it is not. */
static int read_object(Text *t, const KubeObject *k, const JsonType *type, void **ret)
{
        _cleanup_json_error_ JsonError e = { .strict = true };
        _cleanup_free_ JsonMistake *all = NULL;
        size_t n_all = 0;
        int r = json_document_read(type, k->o, ret, &e), n;

        if (r == -ENOMEM || json_error_all(&e, &all, &n_all) < 0)
                return -ENOMEM;
        for (size_t i = 0; i < n_all; i++) {
                n = note_mistake(t, k, &all[i]);
                if (n < 0)
                        return n;
        }
        STRV_FOREACH(member, e.passed_over) {
                n = note(t, k, true, *member, "is not a known member");
                if (n < 0)
                        return n;
        }
        if (r >= 0 && e.passed_over) {
                *ret = json_document_free(type, *ret);
                return 1;
        }
        return r < 0 ? 1 : 0;
}

static int apply_rules(Text *t, const KubeObject *k, KubePart part, const char *member)
{
        _cleanup_free_ char *path = strjoin(k->path, *k->path && *member ? "." : "", member),
                            *words = strdup(member);
        json_object *o = k->o;

        for (char *cursor = words, *word; words && path && *words && (word = strsep(&cursor, "."));)
                if (!json_object_is_type(o, json_type_object) || !json_object_object_get_ex(o, word, &o))
                        return 0;
        return words && path ? kube_rules_apply(&t->pod->findings, part, k->document, path, o) : -ENOMEM;
}

static int add_source(Text *t, const KubeObject *k)
{
        void *config = NULL;
        int r = apply_rules(t, k, KUBE_CONFIG, "");

        if (r >= 0)
                r = apply_rules(t, k, KUBE_METADATA, "metadata");
        if (r >= 0)
                r = read_object(t, k, &kube_type_config, &config);
        if (r != 0)
                return MIN(r, 0);
        if (!((KubeConfig *) config)->meta.name || ARRAY_GROW(t->sources, t->allocated_sources, t->n_sources, 1) < 0) {
                json_document_free(&kube_type_config, config);
                return note(t, k, true, "metadata", "missing member 'name'");
        }
        t->sources[t->n_sources++] = (KubeSource) { streq(k->kind, "Secret"), config };
        return 0;
}

static int make(Text *t, const KubeObject *k, const char *member, const char *name, const KubeMeta *meta,
                const KubePodSpec *spec)
{
        _cleanup_free_ char *path = strjoin(k->path, *k->path ? "." : "", member);
        KubeMake m = { .pod = t->pod, .directory = t->directory, .document = k->document, .path = path, .meta = meta,
                       .spec = spec, .sources = t->sources, .n_sources = t->n_sources };

        if (!path)
                return -ENOMEM;
        t->pod->name = name ? strdup(name) : NULL;
        if (!name)
                return note(t, k, true, "metadata", "missing member 'name'");
        return t->pod->name ? fill_in(&m, streq(k->kind, "Job")) : -ENOMEM;
}

static int convert_pod(Text *t, const KubeObject *k)
{
        KubePodObject *pod = NULL;
        int r = apply_rules(t, k, KUBE_POD_SPEC, "spec");

        if (r >= 0)
                r = apply_rules(t, k, KUBE_METADATA, "metadata");
        json_object_object_del(k->o, "status");
        if (r >= 0)
                r = read_object(t, k, &kube_type_pod, (void **) &pod);
        if (r != 0)
                return MIN(r, 0);
        r = make(t, k, "spec", pod->meta.name, &pod->meta, &pod->spec);
        json_document_free(&kube_type_pod, pod);
        return r;
}

static int check_counts(Text *t, const KubeObject *k, const KubeWorkload *w)
{
        const struct {
                const char *member;
                json_object *said;
        } counts[] = { { "spec.replicas", w->replicas }, { "spec.completions", w->completions },
                       { "spec.parallelism", w->parallelism } };
        int r = 0;

        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(counts); i++)
                if (counts[i].said && json_object_get_int64(counts[i].said) != 1)
                        r = note(t, k, true, counts[i].member, "not supported: there is one pod; write 1");
        return r;
}

static int convert_workload(Text *t, const KubeObject *k)
{
        static const struct {
                KubePart part;
                const char *member;
        } parts[] = { { KUBE_WORKLOAD, "" }, { KUBE_METADATA, "metadata" }, { KUBE_METADATA, "spec.template.metadata" },
                      { KUBE_POD_SPEC, "spec.template.spec" } };
        KubeWorkload *w = NULL;
        int r = 0;

        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(parts); i++)
                r = apply_rules(t, k, parts[i].part, parts[i].member);
        if (r >= 0)
                r = read_object(t, k, &kube_type_workload, (void **) &w);
        if (r != 0)
                return MIN(r, 0);
        r = check_counts(t, k, w);
        if (r >= 0)
                r = make(t, k, "spec.template.spec", w->meta.name, &w->template.meta, &w->template.spec);
        json_document_free(&kube_type_workload, w);
        return r;
}

static int note_unused(Text *t, const KubeObject *k)
{
        return note(t, k, false, "kind", "has no effect: what it describes is not there on one host; ports of a pod "
                                         "are reached by hostPort");
}

static int note_cron(Text *t, const KubeObject *k)
{
        return note(t, k, true, "kind", "not supported: write a Job, and start its unit by a timer of systemd");
}

/* A claim is a volume that podctl makes at the start; it has no limit. */
static int note_claim(Text *t, const KubeObject *k)
{
        return note(t, k, false, "spec", "has no effect: the volume is made without a limit; see 'podctl volume "
                                         "create'");
}

static const struct Kind {
        const char *kind;
        bool pod;
        int (*convert)(Text *t, const KubeObject *k);
} kinds[] = {
        { "ConfigMap", false, add_source },     { "Secret", false, add_source },
        { "PersistentVolumeClaim", false, note_claim },
        { "Pod", true, convert_pod },           { "Deployment", true, convert_workload },
        { "DaemonSet", true, convert_workload }, { "Job", true, convert_workload },
        { "CronJob", false, note_cron },
        { "Service", false, note_unused },      { "ServiceAccount", false, note_unused },
        { "Namespace", false, note_unused },
};

static const struct Kind *find_kind(const char *kind)
{
        for (size_t i = 0; kind && i < ELEMENTSOF(kinds); i++)
                if (streq(kinds[i].kind, kind))
                        return &kinds[i];
        return NULL;
}

/* Sources first: a pod may stand before what it uses. */
static int convert(Text *t, bool pods, size_t *n_pods)
{
        int r = 0;

        for (size_t i = 0; r >= 0 && i < t->n_objects; i++) {
                const KubeObject *k = &t->objects[i];
                const struct Kind *kind = find_kind(k->kind);

                if (!kind && pods && k->kind)
                        r = note(t, k, true, "kind", "not supported: there are Pod, Deployment, DaemonSet, Job, "
                                                     "ConfigMap, Secret and PersistentVolumeClaim");
                if (!kind || kind->pod != pods)
                        continue;
                *n_pods += kind->pod;
                r = *n_pods > 1 ? note(t, k, true, "kind", "a second pod; write each to a file of its own")
                                : kind->convert(t, k);
        }
        return r;
}

static int convert_text(Text *t, json_object *documents, YamlLines *lines)
{
        size_t n_pods = 0;
        int r = 0;

        for (size_t i = 0; r >= 0 && i < json_object_array_length(documents); i++)
                r = add_objects(t, (YamlDocument) { json_object_array_get_idx(documents, i), lines });
        if (r >= 0)
                r = convert(t, false, &n_pods);
        if (r >= 0)
                r = convert(t, true, &n_pods);
        if (r >= 0 && n_pods == 0 && findings_count(&t->pod->findings, FINDING_LOST) == 0)
                r = findings_add(&t->pod->findings, NULL, 0, NULL, FINDING_LOST,
                                 "there is no pod in it: no Pod, Deployment, DaemonSet or Job");
        return r;
}

/* What podctl's own tables say, which is not expected to find anything more. */
static int check_manifest(KubePod *pod)
{
        _cleanup_(appc_pod_freep) AppcPod *read = NULL;
        _cleanup_json_error_ JsonError e = { .strict = true };
        _cleanup_json_object_ json_object *o = NULL;
        int r = appc_pod_write(pod->manifest, &o);

        if (r >= 0)
                r = appc_pod_read(o, &read, &e);
        if (r == -ENOMEM)
                return r;
        if (r < 0)
                return findings_add(&pod->findings, NULL, 0, NULL, FINDING_LOST, "%s", json_error_message(&e, r));
        appc_pod_free(pod->manifest);
        pod->manifest = TAKE_PTR(read);
        return 0;
}

int kube_pod_parse(const char *text, size_t n, const char *directory, KubePod **ret, JsonError *e)
{
        _cleanup_(kube_pod_freep) KubePod *pod = new0(KubePod, 1);
        _cleanup_(yaml_lines_freep) YamlLines *lines = NULL;
        _cleanup_json_object_ json_object *documents = NULL;
        _cleanup_(text_done) Text t = { .pod = pod, .directory = directory };
        int r = pod ? yaml_parse_memory(text, n, &documents, &lines, e) : -ENOMEM;

        if (r < 0)
                return r;
        pod->manifest = appc_pod_new();
        r = pod->manifest ? convert_text(&t, documents, lines) : -ENOMEM;
        if (r >= 0 && findings_count(&pod->findings, FINDING_LOST) == 0)
                r = check_manifest(pod);
        if (r < 0)
                return r;
        findings_sort(&pod->findings);
        r = findings_count(&pod->findings, FINDING_LOST) > 0 ? -EINVAL : 0;
        *ret = TAKE_PTR(pod);
        return r;
}
