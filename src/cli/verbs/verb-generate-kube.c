/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/log.h"
#include "basic/path.h"
#include "cli/compose/kube-manifest.h"
#include "cli/compose/pod-manifest.h"
#include "cli/start/choose-app.h"
#include "cli/verbs/verbs.h"
#include "foreign/kube/kube-generate.h"
#include "foreign/yaml/yaml-write.h"
#include "image/name/docker-reference.h"
#include "manifest/appc-image.h"
#include "pod/pods-d.h"
#include "shared/explain.h"

static int of_file(const char *path, const char *name, AppcPod **ret, char **ret_name)
{
        *ret_name = strdup(name);
        if (!*ret_name)
                return log_oom();
        return pod_manifest_read(NULL, path, NULL, ret);
}

/* What podctl run was told of the network and the engine is not in the manifest. */
static int add_settings(const PodSettings *settings, AppcPod *manifest)
{
        const struct {
                const char *annotation, *value;
        } rows[] = {
                { "podctl/net", settings->net },
                { APPC_ANNOTATION_STAGE1, settings->stage1 },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++)
                if (rows[i].value && !appc_pod_annotation(manifest, rows[i].annotation) &&
                    strv_env_set(&manifest->annotations, rows[i].annotation, rows[i].value) < 0)
                        return log_oom();
        return 0;
}

static int of_pod(Context *c, const char *word, AppcPod **ret, char **ret_name)
{
        _cleanup_(pod_freep) Pod *pod = NULL;
        _cleanup_free_ char *message = NULL;
        int r = context_find_pod(c, word, &pod);

        if (r < 0)
                return r;
        r = pod_load(pod, &message);
        if (r < 0)
                return log_explained(r, message, "Cannot read pod %s", word);
        *ret_name = strdup(pod_display_name(pod));
        if (!*ret_name)
                return log_oom();
        r = add_settings(pod->settings, pod->manifest);
        *ret = TAKE_PTR(pod->manifest);
        return r;
}

/* What is in pods.d says less than a pod that was made of it, which has all that its images say. */
static int read_manifest(Context *c, const char *word, AppcPod **ret, char **ret_name)
{
        _cleanup_free_ char *path = NULL;

        return pod_name_is_valid(word) && pods_d_find(word, &path) >= 0 ? of_file(path, word, ret, ret_name)
                                                                        : of_pod(c, word, ret, ret_name);
}

/* Short names mean docker.io to podctl, and other things to others. */
static int complete_places(AppcPod *manifest)
{
        for (size_t i = 0; i < manifest->n_apps; i++) {
                const char *place = strv_env_get(manifest->apps[i].annotations, "podctl/image"),
                           *name = place ? startswith(place, "docker://") : NULL;
                _cleanup_(docker_reference_done) DockerReference r = {};
                _cleanup_free_ char *repository = NULL, *whole = NULL;
                const char *last;

                if (!name || docker_reference_parse(name, &r) < 0)
                        continue;
                last = path_basename(name);
                repository = docker_reference_repository(&r);
                whole = repository ? strjoin("docker://", repository, last + strcspn(last, ":@")) : NULL;
                if (!whole || strv_env_set(&manifest->apps[i].annotations, "podctl/image", whole) < 0)
                        return log_oom();
        }
        return 0;
}

/* Of a pod of pods.d that a timer starts. */
static int note_schedule(const char *word, Findings *findings)
{
        _cleanup_(kube_timer_freep) KubeTimer *timer = NULL;
        _cleanup_free_ char *path = NULL;
        int r = pod_name_is_valid(word) && pods_d_find(word, &path) >= 0 ? kube_timer_read(path, &timer) : 0;

        if (r < 0 || !timer)
                return r;
        return findings_add(findings, NULL, 0, NULL, FINDING_LOST, "its schedule, which a CronJob has") < 0 ? log_oom()
                                                                                                             : 0;
}

/* Comments are for whoever reads the file later, warnings for the caller. */
static void tell(const Findings *findings)
{
        for (size_t i = 0; i < findings->n; i++) {
                const Finding *f = &findings->items[i];
                const char *of = f->member ? "app " : "the pod", *app = strempty(f->member);

                (void) printf("# %s, %s%s: %s\n", finding_state_to_string(f->state), of, app, f->text);
                if (f->state == FINDING_LOST)
                        log_warning("A Pod of Kubernetes does not have, of %s%s: %s", of, app, f->text);
                else
                        log_warning("A Pod of Kubernetes is different, for %s%s: %s", of, app, f->text);
        }
}

static int run(Context *c, void *userdata, char **words)
{
        _cleanup_(appc_pod_freep) AppcPod *manifest = NULL;
        _cleanup_(findings_done) Findings findings = {};
        _cleanup_json_object_ json_object *documents = NULL;
        _cleanup_free_ char *name = NULL;
        int r = read_manifest(c, words[0], &manifest, &name);

        if (r < 0)
                return r;
        r = check_has_apps(manifest, name);
        if (r >= 0)
                r = complete_places(manifest);
        if (r >= 0)
                r = note_schedule(words[0], &findings);
        if (r < 0)
                return r;
        r = kube_generate(manifest, name, &findings, &documents);
        if (r < 0)
                return log_error_errno(r, "Cannot describe pod '%s' as Kubernetes does: %m", name);
        tell(&findings);
        r = yaml_write(documents, stdout);
        return r < 0 ? log_error_errno(r, "Cannot write the file: %m") : 0;
}

const Verb verb_generate_kube = {
        .name = "generate kube",
        .usage = "POD",
        .summary = "Print a pod as a file of Kubernetes",
        .min_words = 1,
        .max_words = 1,
        .completes = "PLACE",
        .flags = VERB_AFTER_ENDINGS,
        .run = run,
};
