/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <inttypes.h>

#include "basic/signal-util.h"
#include "inside/launch-places.h"
#include "manifest/appc-image.h"
#include "pod/engine.h"
#include "pod/plan-deadline.h"
#include "pod/plan-check.h"
#include "pod/plan-images.h"
#include "pod/plan-isolators.h"
#include "pod/plan-mounts.h"
#include "pod/plan-network.h"
#include "pod/plan-seccomp.h"
#include "pod/plan-stdio.h"
#include "pod/plan-stop.h"
#include "pod/pod-plan.h"
#include "shared/explain.h"

static void plan_mount_done(PlanMount *m)
{
        free(m->what);
        free(m->source);
        free(m->source_app);
        free(m->content_app);
        free(m->content);
        free(m->device_access);
        free(m->app);
        free(m->target);
        strv_free(m->lowers);
        free(m->upper);
        free(m->work);
        free(m->sub_path);
}

static void plan_mounts_done(PlanMounts *mounts)
{
        for (size_t i = 0; i < mounts->n; i++)
                plan_mount_done(&mounts->items[i]);
        free(mounts->items);
}

static void plan_app_done(PlanApp *a)
{
        plan_mounts_done(&a->mounts);
        strv_free(a->environment);
        strv_free(a->addresses);
        strv_free(a->journal_fields);
        free(a->unit);
        free(a->files);
        strv_free(a->capabilities);
        strv_free(a->ambient);
        strv_free(a->left_out);
        strv_free(a->limits);
        strv_free(a->devices);
        strv_free(a->after);
        strv_free(a->requires);
        free(a->apparmor);
        free(a->selinux);
}

const PlanApp *pod_plan_find_app(const PodPlan *plan, const char *name)
{
        for (size_t i = 0; i < plan->n_apps; i++)
                if (streq(plan->apps[i].app->name, name))
                        return &plan->apps[i];
        return NULL;
}

PodPlan *pod_plan_free(PodPlan *plan)
{
        if (!plan)
                return NULL;

        for (size_t i = 0; i < plan->n_apps; i++)
                plan_app_done(&plan->apps[i]);
        plan_mounts_done(&plan->mounts);
        free(plan->apps);
        free(plan->directory);
        net_ports_free(plan->ports, plan->n_ports);
        strv_free(plan->unit_properties);
        strv_free(plan->limits);
        strv_free(plan->ignored);
        return mfree(plan);
}

/* The executor's variables (appc, ace.md "Execution Environment"), where the image does not set them itself. If the
 * user is not always root, the user's variables follow from the image's passwd, and are added at the start. */
static int plan_environment(const PodSettings *settings, const PlanApp *planned, char ***ret)
{
        static const struct {
                const char *name, *value;
                bool of_user;
        } defaults[] = {
                { "PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" },
                { "SHELL", "/bin/sh" },
                { "USER", "root", .of_user = true },
                { "LOGNAME", "root", .of_user = true },
                { "HOME", "/root", .of_user = true },
        };
        const AppcPodApp *app = planned->app;
        _cleanup_strv_free_ char **environment = strv_copy(app->app->environment);
        /* Whoever attaches later most likely has one that is like it. */
        const char *terminal = settings->terminal ?: settings->interactive ? "vt100" : "xterm";
        int r;

        if (!environment)
                return -ENOMEM;

        for (size_t i = 0; i < ELEMENTSOF(defaults); i++)
                if (!strv_env_get(environment, defaults[i].name) &&
                    !(defaults[i].of_user && app->app->home_from_user)) {
                        r = strv_env_set(&environment, defaults[i].name, defaults[i].value);
                        if (r < 0)
                                return r;
                }

        r = strv_env_set(&environment, "AC_APP_NAME", app->name);
        if (r < 0)
                return r;
        if ((settings->interactive || plan_app_has_terminal(planned)) && !strv_env_get(environment, "TERM"))
                r = strv_env_set(&environment, "TERM", terminal);
        if (r < 0)
                return r;
        r = strv_env_set(&environment, "container", "podctl");
        if (r < 0)
                return r;
        if (settings->metadata_url)
                r = strv_env_set(&environment, POD_METADATA_VARIABLE, settings->metadata_url);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(environment);
        return 0;
}

static bool annotation_is_true(char *const *annotations, const char *name)
{
        const char *value = strv_env_get(annotations, name);

        return value && streq(value, "true");
}

static const char *pids_word(const PodPlan *plan, const AppcPodApp *app)
{
        return strv_env_get(app->annotations, APPC_ANNOTATION_PIDS)
                       ?: strv_env_get(plan->manifest->annotations, APPC_ANNOTATION_PIDS)
                       ?: "shared";
}

/* Those of an app that sees all of the pod's are all. */
static void plan_pids(const PodPlan *plan, PlanApp *ret)
{
        const char *word = pids_word(plan, ret->app), *other = startswith(word, APPC_PIDS_OF);

        ret->own_pids = !streq(word, "shared");
        for (size_t i = 0; other && i < plan->manifest->n_apps; i++)
                if (streq(plan->manifest->apps[i].name, other))
                        ret->own_pids = !streq(pids_word(plan, &plan->manifest->apps[i]), "shared");
        ret->pids_of = ret->own_pids ? other : NULL;
}

/* Reads the annotations for restarts, health, order and the user, which plan-check.c checks. */
static int plan_order(PlanApp *ret)
{
        char *const *annotations = ret->app->annotations;
        const char *restart = strv_env_get(annotations, APPC_ANNOTATION_RESTART);
        int r;

        ret->restart = restart && !streq(restart, "no") ? restart : NULL;
        ret->restart_limit = ret->restart ? strv_env_get(annotations, APPC_ANNOTATION_RESTART_LIMIT) : NULL;
        ret->restart_backoff = ret->restart && annotation_is_true(annotations, APPC_ANNOTATION_RESTART_BACKOFF);
        ret->on_unhealthy = strv_env_get(annotations, APPC_ANNOTATION_UNHEALTHY) ?: "none";
        ret->health_ready = annotation_is_true(annotations, APPC_ANNOTATION_HEALTH_READY);
        ret->oneshot = annotation_is_true(annotations, APPC_ANNOTATION_ONESHOT);
        ret->non_root = annotation_is_true(annotations, APPC_ANNOTATION_NON_ROOT);
        ret->oom_group = annotation_is_true(annotations, APPC_ANNOTATION_OOM_GROUP);
        r = strv_split(strempty(strv_env_get(annotations, APPC_ANNOTATION_AFTER)), ',', &ret->after);
        return r < 0 ? r
                     : strv_split(strempty(strv_env_get(annotations, APPC_ANNOTATION_REQUIRES)), ',', &ret->requires);
}

/* Whose they are, for readers of several pods' journals. */
static int plan_journal_fields(const PodPlan *plan, PlanApp *ret)
{
        const AppcImageRef *image = &ret->app->image;
        const struct {
                const char *field, *value;
        } rows[] = {
                { "PODCTL_POD_UUID", plan->uuid },
                { "PODCTL_POD_NAME", plan->settings->name },
                { "PODCTL_APP", ret->app->name },
                { "PODCTL_IMAGE", image->name },
                { "PODCTL_IMAGE_ID", image->id },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                int r = isempty(rows[i].value) || strchr(rows[i].value, '\n')
                                ? 0
                                : strv_extendf(&ret->journal_fields, "%s=%s", rows[i].field, rows[i].value);

                if (r < 0)
                        return r;
        }
        return 0;
}

/* What the app's annotation says, else the pod's settings. */
static bool is_insecure(const PodPlan *plan, const PlanApp *app, const char *word)
{
        const char *own = strv_env_get(app->app->annotations, APPC_ANNOTATION_INSECURE);
        _cleanup_strv_free_ char **words = NULL;

        if (!own)
                return strv_contains(plan->settings->insecure, word);
        return strv_split(own, ',', &words) >= 0 && strv_contains(words, word);
}

/* Also what systemd-nspawn covers in every /proc. Without user IDs of the host, the kernel protects what is there, and
 * an app that was opened is to be able to mount one of its own (procMount of Kubernetes). */
static bool has_open_proc(const PodPlan *plan, const PlanApp *app)
{
        return app->open_paths && (appc_pod_is_privileged(plan->manifest) || pod_plan_private_users(plan));
}

static void plan_settings(const PodPlan *plan, PlanApp *ret)
{
        const char *log = plan->settings->log ?: engine_of(plan->settings)->log;

        plan_stdio(plan->settings, ret);
        ret->log = log ? plan_log_from_string(log) : PLAN_LOG_BOTH;
        plan_pids(plan, ret);
        ret->leaves_pod = appc_pod_is_mutable(plan->manifest) ||
                          streq_ptr(strv_env_get(ret->app->annotations, APPC_ANNOTATION_FAILURE), "none");
        ret->notify = annotation_is_true(ret->app->annotations, APPC_ANNOTATION_NOTIFY);
        ret->unrestricted = is_insecure(plan, ret, "capabilities");
        ret->unfiltered = is_insecure(plan, ret, "seccomp");
        ret->open_paths = is_insecure(plan, ret, "paths");
        ret->open_proc = has_open_proc(plan, ret);
        ret->protects_sys = pod_plan_has_open_paths(plan) && !ret->open_paths;
}

/* Credentials may be encrypted with a key of the TPM, and systemd lets units with such credentials use it. */
static bool has_encrypted_credentials(const AppcPod *pod)
{
        for (size_t i = 0; i < pod->n_apps; i++)
                for (size_t j = 0; j < pod->apps[i].n_credentials; j++)
                        if (pod->apps[i].credentials[j].encrypted)
                                return true;
        return false;
}

/* What the service of an app would have, for the unit that takes its place. */
static int add_app_properties(const PlanApp *app, char ***properties)
{
        const char *signal = app->app->app->stop_signal;
        int r = app->stop_timeout < 0
                        ? strv_extend(properties, "TimeoutStopSec=infinity")
                        : strv_extendf(properties, "TimeoutStopSec=%" PRIi64 "s", app->stop_timeout);

        if (r >= 0 && signal)
                r = strv_extendf(properties, "KillSignal=%i", signal_from_string(signal));
        if (r >= 0)
                r = strv_extend(properties, app->notify ? "NotifyAccess=all" : "NotifyAccess=main");
        STRV_FOREACH(line, app->limits)
                if (r >= 0 && !startswith(*line, PLAN_RLIMIT))
                        r = strv_extend(properties, *line);
        return r;
}

int plan_app_properties(const PodPlan *plan, char ***properties)
{
        int r = 0;

        for (size_t i = 0; r >= 0 && i < plan->n_apps; i++)
                r = add_app_properties(&plan->apps[i], properties);
        return r;
}

/* Those of the engine, for the unit that podctl makes. */
static int plan_unit_properties(PodPlan *plan)
{
        const Engine *engine = engine_of(plan->settings);
        const bool open_paths = pod_plan_has_open_paths(plan);
        int r;

        r = strv_extendf(&plan->unit_properties, "Description=Pod %s", plan->settings->name);
        if (r < 0)
                return r;
        for (const char *const *line = engine->unit_properties; *line; line++)
                if ((!open_paths || !startswith(*line, "Device")) && strv_extend(&plan->unit_properties, *line) < 0)
                        return -ENOMEM;
        r = engine->has_init ? 0 : plan_app_properties(plan, &plan->unit_properties);
        if (r < 0)
                return r;
        r = strv_extendf(&plan->unit_properties, "Slice=%s", plan->settings->slice ?: "machine.slice");
        if (r < 0)
                return r;
        r = engine->has_init ? plan_stop_property(plan) : 0;
        if (r < 0)
                return r;
        if (has_encrypted_credentials(plan->manifest))
                r = strv_extend(&plan->unit_properties, "DeviceAllow=char-tpm rw");
        if (r < 0)
                return r;
        r = plan_pod_isolators(plan, &plan->limits, &plan->ignored);
        if (r < 0)
                return r;
        r = strv_extend_strv(&plan->unit_properties, plan->limits);
        /* The user's come last, so that they take precedence. */
        return r < 0 ? r : strv_extend_strv(&plan->unit_properties, plan->settings->properties);
}

/* What the kernel lets a pod open counts for all its apps: without IDs of its own, one that makes nodes would reach the
 * devices of the others. */
static void drop_nodes(const PodPlan *plan, PlanApp *app)
{
        const App *a = app->app->app;
        const bool alone = plan->n_apps == 1 && !appc_pod_is_mutable(plan->manifest);
        size_t n = 0;

        if (alone || pod_plan_private_users(plan) || isolators_find(a->isolators, a->n_isolators, ISOLATOR_CAPS_RETAIN))
                return;
        STRV_FOREACH(c, app->capabilities) {
                if (streq(*c, "MKNOD"))
                        free(*c);
                else
                        app->capabilities[n++] = *c;
        }
        if (app->capabilities)
                app->capabilities[n] = NULL;
}

/* With more than OVL_MAX_STACK layers, the kernel fails without saying why. */
static int check_layers(const AppcPodApp *app, const PlanImage *image, char **reterr_message)
{
        size_t n = strv_length(image->lowers);

        return n <= PLAN_LAYERS_MAX ? 0
                                    : explain(reterr_message, E2BIG,
                                              "app '%s': its image has %zu layers, and the kernel stacks no more than "
                                              "%u; build it with fewer, for example with 'buildah build --squash'",
                                              app->name, n, PLAN_LAYERS_MAX);
}

static int note_owners(PodPlan *plan, const AppcPodApp *app, const PlanImage *image)
{
        return image->highest_id < POD_UID_COUNT || !pod_plan_private_users(plan)
                       ? 0
                       : strv_extendf(&plan->ignored,
                                      "app '%s': files of its image belong to users or groups up to %" PRIu64 "; from "
                                      "%u on they belong to nobody in a pod with its own user IDs, see "
                                      "--private-users=no",
                                      app->name, image->highest_id, POD_UID_COUNT);
}

/* Where it runs, and where what joins it finds its files. */
static int plan_places(const PodPlan *plan, PlanApp *ret)
{
        const Engine *engine = engine_of(plan->settings);
        const char *name = ret->app->name;

        ret->host_devices = !engine->has_init;
        ret->unit = engine->has_init ? strjoin(name, ".service") : strdup(strempty(plan->settings->unit));
        ret->files = engine->has_init ? strjoin("/" LAUNCH_POD_FILES "/", name)
                                      : strjoin(plan->directory, "/" LAUNCH_POD_FILES "/", name);
        return ret->unit && ret->files ? 0 : -ENOMEM;
}

/* Plans the part of one app. Demands that cannot be met are added to the pod's list. */
static int plan_app(PodPlan *plan, size_t i, const PlanImages *images, PlanApp *ret, char **reterr_message)
{
        const AppcPodApp *app = &plan->manifest->apps[i];
        const PlanImage *image = &images->apps[i];
        int r;

        ret->app = app;
        ret->privileged_image = image->privileged;
        plan_settings(plan, ret);
        r = plan_places(plan, ret);
        if (r < 0)
                return r;
        r = plan_journal_fields(plan, ret);
        if (r < 0)
                return r;
        plan_stop_init(ret);
        r = check_layers(app, image, reterr_message);
        if (r < 0)
                return r;
        r = note_owners(plan, app, image);
        if (r < 0)
                return r;
        r = plan_app_mounts(plan, ret, image);
        if (r >= 0)
                r = plan_image_volumes(plan, ret, images, reterr_message);
        if (r < 0)
                return r;
        r = plan_order(ret);
        if (r < 0)
                return r;
        r = plan_environment(plan->settings, ret, &ret->environment);
        if (r < 0)
                return r;
        r = plan_app_isolators(ret, &plan->ignored);
        if (r < 0)
                return r;
        drop_nodes(plan, ret);
        return plan_filter_check(ret, reterr_message);
}

/* Plans what does not depend on apps, then each app, then the unit, which depends on both. */
static int plan_build(PodPlan *plan, const PlanImages *images, char **reterr_message)
{
        const AppcPod *pod = plan->manifest;
        int r;

        r = plan_ports(pod, plan->settings, &plan->ports, &plan->n_ports, &plan->ignored, reterr_message);
        if (r < 0)
                return r;
        r = plan_common_mounts(plan);
        if (r < 0)
                return r;
        r = plan_journal(pod, &plan->journal, reterr_message);
        if (r >= 0)
                r = plan_deadline(pod, &plan->deadline_usec, reterr_message);
        if (r < 0)
                return r;
        for (size_t i = 0; i < pod->n_apps; i++) {
                r = plan_app(plan, i, images, &plan->apps[i], reterr_message);
                if (r < 0)
                        return r;
        }
        return plan_unit_properties(plan);
}

static int check_engine(const PodPlan *plan, char **reterr_message)
{
        const Engine *engine = engine_of(plan->settings);
        int r = plan_check_volumes(plan, reterr_message);

        return r < 0 || !engine->check ? r : engine->check(plan, reterr_message);
}

static int check_build(const PodPlan *plan, char **reterr_message)
{
        static int (*const checks[])(const PodPlan *, char **) = {
                check_engine,
                plan_check_capabilities,
                plan_check_order,
                plan_check_sysctls,
                plan_check_bandwidth,
        };

        for (size_t i = 0; i < ELEMENTSOF(checks); i++) {
                int r = checks[i](plan, reterr_message);

                if (r < 0)
                        return r;
        }
        return 0;
}

static int check_manifest(const AppcPod *manifest, JsonError *e)
{
        int r = plan_check_apps(manifest, e);

        return r < 0 ? r : appc_pod_check_runnable(manifest, e);
}

int pod_plan_new(const AppcPod *manifest, const PodSettings *settings, const PlanImages *images, const char *uuid,
                 const char *directory, PodPlan **ret, char **reterr_message)
{
        _cleanup_(pod_plan_freep) PodPlan *plan = new0(PodPlan, 1);
        _cleanup_json_error_ JsonError e = {};
        int r;

        if (!plan)
                return -ENOMEM;

        r = check_manifest(manifest, &e);
        if (r < 0)
                return explain(reterr_message, r, "%s", json_error_message(&e, r));

        plan->manifest = manifest;
        plan->settings = settings;
        plan->directory = strdup(directory);
        plan->apps = new0(PlanApp, MAX(manifest->n_apps, 1U));
        plan->n_apps = manifest->n_apps;
        if (!plan->directory || !plan->apps)
                return -ENOMEM;
        (void) snprintf(plan->uuid, sizeof(plan->uuid), "%s", uuid);

        r = plan_build(plan, images, reterr_message);
        if (r < 0)
                return r;
        r = check_build(plan, reterr_message);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(plan);
        return 0;
}
