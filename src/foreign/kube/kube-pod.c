/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/parse.h"
#include "foreign/kube/kube-pod-internal.h"
#include "foreign/kube/kube-schedule.h"
#include "foreign/yaml/yaml-json.h"

KubeTimer *kube_timer_free(KubeTimer *timer)
{
        if (!timer)
                return NULL;
        strv_free(timer->calendars);
        free(timer->zone);
        free(timer->schedule);
        return mfree(timer);
}

void kube_file_done(KubeFile *file)
{
        free(file->path);
        if (file->data)
                explicit_bzero(file->data, file->size);
        free(file->data);
        free(file->credential);
}

KubePod *kube_pod_free(KubePod *pod)
{
        if (!pod)
                return NULL;
        for (size_t i = 0; i < pod->n_files; i++)
                kube_file_done(&pod->files[i]);
        free(pod->files);
        STRV_FOREACH(login, pod->logins)
                explicit_bzero(*login, strlen(*login));
        strv_free(pod->logins);
        free(pod->name);
        appc_pod_free(pod->manifest);
        kube_timer_free(pod->timer);
        findings_done(&pod->findings);
        return mfree(pod);
}

bool kube_path_is_yaml(const char *path)
{
        return endswith(path, ".yaml") || endswith(path, ".yml");
}

/* The text: its objects */

typedef struct Text {
        KubePod *pod;
        const KubeSurroundings *around;
        KubeObject *objects;
        size_t n_objects, allocated;
        KubeSource *sources;
        size_t n_sources, allocated_sources;
        char **left_out;        /* of the object that is being converted, see KubeMake */
} Text;

static void text_done(Text *t)
{
        for (size_t i = 0; i < t->n_objects; i++)
                free(t->objects[i].path);
        free(t->objects);
        for (size_t i = 0; i < t->n_sources; i++)
                json_document_free(&kube_type_config, t->sources[i].config);
        free(t->sources);
        strv_free(t->left_out);
}

/* Member: its path in the object. */
static char *path_of(const KubeObject *k, const char *member)
{
        return strjoin(k->path, *k->path && *member ? "." : "", member);
}

static JsonPlace place_of(const KubeObject *k, const char *member)
{
        _cleanup_free_ char *at = path_of(k, member);

        return at ? yaml_place_of(k->document, at) : (JsonPlace) {};
}

/* What may only follow from what was left out is not noted. */
static int note(Text *t, const KubeObject *k, bool refused, const char *member, const char *text)
{
        _cleanup_free_ char *at = path_of(k, member);

        if (at && json_left_out_explains(t->left_out, at))
                return 0;
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
            !endswith(strempty(json_object_get_string(json_object_object_get(o, "kind"))), "List"))
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

static int note_mistakes(Text *t, const KubeObject *k, const JsonError *e)
{
        _cleanup_free_ JsonMistake *all = NULL;
        size_t n = 0;
        int r = json_error_all(e, &all, &n);

        for (size_t i = 0; r >= 0 && i < n && all[i].text; i++)
                r = note_mistake(t, k, &all[i]);
        STRV_FOREACH(member, e->passed_over)
                if (r >= 0)
                        r = note(t, k, true, *member, "is not a known member");
        return r;
}

/* Reads an object by a table, and notes all that is wrong; what is left is read, so that mistakes in the pod that it
 * makes are found, too. 1: something was wrong. */
static int read_object(Text *t, const KubeObject *k, const JsonType *type, void **ret)
{
        _cleanup_json_error_ JsonError e = {};
        int r = json_document_read_rest(type, k->o, ret, &e);

        if (r == -ENOMEM || note_mistakes(t, k, &e) < 0)
                return -ENOMEM;
        STRV_FOREACH(member, e.left_out)
                if (strv_consume(&t->left_out, path_of(k, *member)) < 0)
                        return -ENOMEM;
        return r < 0;
}

static int apply_rules(Text *t, const KubeObject *k, KubePart part, const char *member)
{
        _cleanup_free_ char *path = path_of(k, member),
                            *words = strdup(member);
        json_object *o = k->o;

        for (char *cursor = words, *word; words && path && *words && (word = strsep(&cursor, "."));)
                if (!json_object_is_type(o, json_type_object) || !json_object_object_get_ex(o, word, &o))
                        return 0;
        return words && path ? kube_rules_apply(&t->pod->findings, part, k->document, path, o) : -ENOMEM;
}

/* A part of an object, with rules of its own. */
typedef struct Part {
        KubePart part;
        const char *member;
} Part;

/* An annotation of a Secret. */
static int read_encrypted(Text *t, const KubeObject *k, const KubeConfig *config, bool *ret)
{
        const char *said = strv_env_get(config->meta.annotations, "podctl/encrypted");
        int encrypted = said ? parse_boolean(said) : 0;

        if (encrypted < 0)
                return note(t, k, true, "metadata.annotations", "'podctl/encrypted' is true or false");
        if (encrypted && !streq(k->kind, "Secret"))
                return note(t, k, true, "metadata.annotations", "'podctl/encrypted' is for a Secret");
        *ret = encrypted;
        return 0;
}

/* The members of a Secret and of a ConfigMap; both are read by one table. */
static int check_members(Text *t, const KubeObject *k, const KubeConfig *config)
{
        if (streq(k->kind, "Secret"))
                return config->binary ? note(t, k, true, "binaryData", "a Secret has data, which is base64, and "
                                             "stringData")
                                      : 0;
        return config->strings ? note(t, k, true, "stringData", "a ConfigMap has data, and binaryData, which is base64")
                               : 0;
}

/* Told where it is, once for all that use it. */
static int check_encoded(Text *t, const KubeObject *k, const char *member, char *const *pairs)
{
        int r = 0;

        STRV_FOREACH(pair, pairs) {
                size_t n = strcspn(*pair, "="), size = 0;
                _cleanup_free_ char *at = strprintf("%s.%.*s", member, (int) n, *pair), *data = NULL;
                int decoded = at ? kube_source_decode(*pair + n + 1, &data, &size) : -ENOMEM;

                if (data)
                        explicit_bzero(data, size);
                if (decoded == -EINVAL)
                        r = note(t, k, true, at, "is not valid base64");
                if (r < 0 || decoded == -ENOMEM)
                        return -ENOMEM;
        }
        return r;
}

/* One without a name stands for those that are missed. */
static int check_name(Text *t, const KubeObject *k, KubeSource *source)
{
        if (source->config->meta.name)
                return 0;
        source->wrong = true;
        source->config->meta.name = strdup("");
        return source->config->meta.name ? note(t, k, true, "metadata", "missing member 'name'") : -ENOMEM;
}

/* A cluster would take the last. */
static int check_only(Text *t, const KubeObject *k, const KubeSource *source)
{
        const char *name = source->config->meta.name;

        for (const KubeSource *other = t->sources; *name && other < source; other++)
                if (other->secret == source->secret && streq(other->config->meta.name, name))
                        return note(t, k, true, "metadata.name", "another one before it has this name; write one");
        return 0;
}

static int check_source(Text *t, const KubeObject *k, KubeSource *source)
{
        const KubeConfig *config = source->config;
        int r = check_name(t, k, source);

        if (r >= 0)
                r = check_only(t, k, source);
        if (r >= 0)
                r = read_encrypted(t, k, config, &source->encrypted);
        if (r >= 0)
                r = check_members(t, k, config);
        if (r >= 0)
                r = source->secret ? check_encoded(t, k, "data", config->data)
                                   : check_encoded(t, k, "binaryData", config->binary);
        return r;
}

static int add_source(Text *t, const KubeObject *k)
{
        KubeSource *source;
        void *config = NULL;
        int r = apply_rules(t, k, KUBE_CONFIG, "");

        if (r >= 0)
                r = apply_rules(t, k, KUBE_METADATA, "metadata");
        if (r >= 0)
                r = read_object(t, k, &kube_type_config, &config);
        if (r < 0)
                return r;
        if (ARRAY_GROW(t->sources, t->allocated_sources, t->n_sources, 1) < 0) {
                json_document_free(&kube_type_config, config);
                return -ENOMEM;
        }
        source = &t->sources[t->n_sources++];
        *source = (KubeSource) { .secret = streq(k->kind, "Secret"), .wrong = r > 0, .config = config };
        return check_source(t, k, source);
}

/* m has what the object says of the pod; member is where its spec is. */
static int make(Text *t, const KubeObject *k, const char *member, const char *name, KubeMake m)
{
        _cleanup_free_ char *path = path_of(k, member);
        size_t expanded = 0;

        if (!path || (!name && note(t, k, true, "metadata", "missing member 'name'") < 0))
                return -ENOMEM;
        t->pod->name = strdup(name ?: "pod");
        m.pod = t->pod;
        m.around = t->around;
        m.document = k->document;
        m.path = path;
        m.left_out = t->left_out;
        m.sources = t->sources;
        m.n_sources = t->n_sources;
        m.expanded = &expanded;
        return t->pod->name ? kube_spec_make(&m, endswith(k->kind, "Job")) : -ENOMEM;
}

static KubeMake make_of_workload(const KubeWorkload *w)
{
        return (KubeMake) { .meta = &w->template.meta, .spec = &w->template.spec, .deadline = w->deadline,
                            .retries = w->retries };
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
        if (r < 0)
                return r;
        r = make(t, k, "spec", pod->meta.name, (KubeMake) { .meta = &pod->meta, .spec = &pod->spec });
        json_document_free(&kube_type_pod, pod);
        return r;
}

/* Where: what the workload is in, "" or a path that ends with a dot. */
static int check_counts(Text *t, const KubeObject *k, const char *where, const KubeWorkload *w)
{
        const struct {
                const char *member;
                json_object *said;
        } counts[] = { { "replicas", w->replicas }, { "completions", w->completions },
                       { "parallelism", w->parallelism } };
        int r = 0;

        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(counts); i++) {
                _cleanup_free_ char *member = strjoin(where, "spec.", counts[i].member);

                if (!member)
                        return -ENOMEM;
                if (counts[i].said && json_object_get_int64(counts[i].said) != 1)
                        r = note(t, k, true, member, "not supported: there is one pod; write 1");
        }
        return r;
}

/* With Never, what is tried again is the pod, and that is its unit's. */
static int check_retries(Text *t, const KubeObject *k, const char *where, const KubeWorkload *w)
{
        _cleanup_free_ char *member = strjoin(where, "spec.backoffLimit");

        if (!member)
                return -ENOMEM;
        return w->retries && json_object_get_int64(w->retries) > 0 &&
                               streq_ptr(w->template.spec.restart_policy, "Never")
                       ? note(t, k, false, member, "has no effect with restartPolicy Never: the pod's unit has "
                              "Restart= and StartLimitBurst=")
                       : 0;
}

static int apply_parts(Text *t, const KubeObject *k, const Part *parts, size_t n)
{
        int r = 0;

        for (size_t i = 0; r >= 0 && i < n; i++)
                r = apply_rules(t, k, parts[i].part, parts[i].member);
        return r;
}

static int convert_workload(Text *t, const KubeObject *k)
{
        static const Part parts[] = {
                { KUBE_WORKLOAD, "" },
                { KUBE_METADATA, "metadata" },
                { KUBE_METADATA, "spec.template.metadata" },
                { KUBE_POD_SPEC, "spec.template.spec" },
        };
        KubeWorkload *w = NULL;
        int r = apply_parts(t, k, parts, ELEMENTSOF(parts));

        if (r >= 0)
                r = read_object(t, k, &kube_type_workload, (void **) &w);
        if (r < 0)
                return r;
        r = check_counts(t, k, "", w);
        if (r >= 0)
                r = check_retries(t, k, "", w);
        if (r >= 0)
                r = make(t, k, "spec.template.spec", w->meta.name, make_of_workload(w));
        json_document_free(&kube_type_workload, w);
        return r;
}

/* CronJobs */

#define CRON_JOB "spec.jobTemplate."

static int set_calendars(Text *t, const KubeObject *k, const KubeCron *cron, KubeTimer *timer)
{
        _cleanup_free_ char *why = NULL;
        int r;

        if (cron->zone && !kube_zone_is_valid(cron->zone))
                return note(t, k, true, "spec.timeZone", "is not a valid time zone, such as Europe/Berlin");
        r = kube_schedule_to_calendars(cron->schedule, cron->zone, &timer->calendars, &why);
        if (r == -EINVAL)
                return note(t, k, true, "spec.schedule", why);
        if (r < 0 || !cron->zone)
                return r;
        timer->zone_place = place_of(k, "spec.timeZone");
        return free_and_strdup(&timer->zone, cron->zone);
}

/* One pod of a name runs at a time, so that Allow cannot be meant. */
static int set_concurrency(Text *t, const KubeObject *k, const KubeCron *cron, KubeTimer *timer)
{
        const char *said = cron->concurrency;

        timer->replace = streq_ptr(said, "Replace");
        if (!said || timer->replace || streq(said, "Forbid"))
                return 0;
        return streq(said, "Allow") ? note(t, k, false, "spec.concurrencyPolicy", "has no effect: a pod that runs "
                                           "already is not started a second time, as with Forbid")
                                    : note(t, k, true, "spec.concurrencyPolicy", "expected Allow, Forbid or Replace");
}

static int set_deadline(const KubeCron *cron, KubeTimer *timer)
{
        timer->limited = cron->deadline;
        timer->deadline_sec = cron->deadline ? (uint64_t) json_object_get_int64(cron->deadline) : 0;
        return free_and_strdup(&timer->schedule, cron->schedule);
}

static int set_timer(Text *t, const KubeObject *k, const KubeCron *cron)
{
        KubeTimer *timer = t->pod->timer = new0(KubeTimer, 1);
        int r = timer ? set_calendars(t, k, cron, timer) : -ENOMEM;

        if (r >= 0)
                r = set_concurrency(t, k, cron, timer);
        if (r >= 0)
                r = set_deadline(cron, timer);
        if (r < 0 || !cron->suspend)
                return r;
        timer->suspended = true;
        return note(t, k, false, "spec.suspend", "there is no timer as long as this is true");
}

static int convert_cron(Text *t, const KubeObject *k)
{
        static const Part parts[] = {
                { KUBE_CRON, "" },
                { KUBE_WORKLOAD, "spec.jobTemplate" },
                { KUBE_METADATA, "metadata" },
                { KUBE_METADATA, CRON_JOB "metadata" },
                { KUBE_METADATA, CRON_JOB "spec.template.metadata" },
                { KUBE_POD_SPEC, CRON_JOB "spec.template.spec" },
        };
        const KubeWorkload *job;
        KubeCron *cron = NULL;
        int r = apply_parts(t, k, parts, ELEMENTSOF(parts));

        if (r >= 0)
                r = read_object(t, k, &kube_type_cron, (void **) &cron);
        if (r < 0)
                return r;
        job = &cron->job;
        r = set_timer(t, k, cron);
        if (r >= 0)
                r = check_counts(t, k, CRON_JOB, job);
        if (r >= 0)
                r = check_retries(t, k, CRON_JOB, job);
        if (r >= 0)
                r = make(t, k, CRON_JOB "spec.template.spec", cron->meta.name, make_of_workload(job));
        json_document_free(&kube_type_cron, cron);
        return r;
}

static int note_unused(Text *t, const KubeObject *k)
{
        return note(t, k, false, "kind", "has no effect: what it describes is not there on one host; ports of a pod "
                                         "are reached by hostPort");
}

/* podman's annotations of a claim say what Kubernetes' members do not. */
static int note_claim_annotations(Text *t, const KubeObject *k, char *const *annotations)
{
        STRV_FOREACH(pair, annotations)
                if (startswith(*pair, "volume.podman.io/"))
                        return note(t, k, false, "metadata.annotations", "those of volume.podman.io have no effect: "
                                    "the volume is a directory of the host, see 'podctl volume create'");
        return 0;
}

/* A claim is a volume that podctl makes at the start; it has no limit. */
static int check_claim(Text *t, const KubeObject *k)
{
        KubeClaimObject *claim = NULL;
        int r = apply_rules(t, k, KUBE_CLAIM, "");

        if (r >= 0)
                r = apply_rules(t, k, KUBE_METADATA, "metadata");
        if (r >= 0)
                r = read_object(t, k, &kube_type_claim, (void **) &claim);
        if (r < 0)
                return r;
        r = claim->meta.name ? note_claim_annotations(t, k, claim->meta.annotations)
                             : note(t, k, true, "metadata", "missing member 'name'");
        json_document_free(&kube_type_claim, claim);
        return r;
}

static const struct Kind {
        const char *kind;
        bool pod;
        int (*convert)(Text *t, const KubeObject *k);
} kinds[] = {
        { "ConfigMap", false, add_source },     { "Secret", false, add_source },
        { "PersistentVolumeClaim", false, check_claim },
        { "Pod", true, convert_pod },           { "Deployment", true, convert_workload },
        { "DaemonSet", true, convert_workload }, { "Job", true, convert_workload },
        { "CronJob", true, convert_cron },
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

static int refuse_kind(Text *t, const KubeObject *k)
{
        _cleanup_free_ char *text = strprintf("%.64s is not supported: there are Pod, Deployment, DaemonSet, Job, "
                                              "CronJob, ConfigMap, Secret and PersistentVolumeClaim", k->kind);

        return text ? note(t, k, true, "kind", text) : -ENOMEM;
}

/* Sources first: a pod may stand before what it uses. */
static int convert(Text *t, bool pods, size_t *n_pods)
{
        int r = 0;

        for (size_t i = 0; r >= 0 && i < t->n_objects; i++) {
                const KubeObject *k = &t->objects[i];
                const struct Kind *kind = find_kind(k->kind);

                if (!kind && pods && k->kind)
                        r = refuse_kind(t, k);
                if (!kind || kind->pod != pods)
                        continue;
                *n_pods += kind->pod;
                t->left_out = strv_free(t->left_out);
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
                                 "there is no pod in it: no Pod, Deployment, DaemonSet, Job or CronJob");
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

int kube_pod_parse(const char *text, size_t n, const KubeSurroundings *around, KubePod **ret, JsonError *e)
{
        _cleanup_(kube_pod_freep) KubePod *pod = new0(KubePod, 1);
        _cleanup_(yaml_lines_freep) YamlLines *lines = NULL;
        _cleanup_json_object_ json_object *documents = NULL;
        _cleanup_(text_done) Text t = { .pod = pod, .around = around };
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
