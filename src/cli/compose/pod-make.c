/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <systemd/sd-login.h>

#include "basic/lock.h"
#include "basic/log.h"
#include "basic/parse.h"
#include "basic/path.h"
#include "cli/compose/pod-make.h"
#include "cli/compose/pod-manifest.h"
#include "cli/compose/run-compose.h"
#include "cli/compose/run-engine.h"
#include "cli/compose/run-network.h"
#include "cli/persona.h"
#include "cli/rkt-ways.h"
#include "cli/start/pod-start.h"
#include "pod/engine.h"
#include "pod/plan-stdio.h"
#include "pod/pod-files.h"
#include "pod/pod-gc.h"

/* The name under which machined knows the pod. */
static char *default_name(const Uuid *uuid)
{
        return persona_is_rkt() ? strjoin("rkt-", uuid->s) : strprintf("pod-%.8s", uuid->s);
}

/* The settings that are part of the pod itself, and not of a start. */
static int settings_new(const RunArgs *args, const AppcPod *manifest, const Uuid *uuid, PodSettings **ret)
{
        _cleanup_(pod_settings_freep) PodSettings *s = new0(PodSettings, 1);
        const Engine *engine;
        int r;

        if (!s)
                return log_oom();
        r = engine_wanted(args->stage1, manifest, &engine);
        if (r >= 0)
                r = private_users_wanted(args, manifest, &s->private_users);
        if (r < 0)
                return r;
        if (engine != &engine_nspawn && free_and_strdup(&s->stage1, engine->name) < 0)
                return log_oom();
        s->name = args->name ? strdup(args->name) : default_name(uuid);
        if (!s->name)
                return log_oom();
        *ret = TAKE_PTR(s);
        return 0;
}

PodSettings *pod_settings_renew(const PodSettings *old)
{
        _cleanup_(pod_settings_freep) PodSettings *s = new0(PodSettings, 1);

        if (!s || free_and_strdup(&s->name, old->name) < 0 || free_and_strdup(&s->stage1, old->stage1) < 0)
                return NULL;
        s->private_users = old->private_users;
        return TAKE_PTR(s);
}

/* The option, else the manifest's annotation. */
static int copy_start_args(const Context *c, const RunArgs *args, const AppcPod *manifest, PodSettings *s)
{
        const struct {
                const char *value;
                char **field;
        } strings[] = {
                { args->hostname ?: appc_pod_annotation(manifest, "podctl/hostname"), &s->hostname },
                { args->slice, &s->slice },
                { args->ipc ?: appc_pod_annotation(manifest, "podctl/ipc"), &s->ipc },
                { args->start.interactive ? getenv("TERM") : NULL, &s->terminal },
        };
        int r;

        s->interactive = args->start.interactive;
        s->attached = args->start.interactive && !pod_takes_our_place(args->start.detach);
        s->sockets = args->start.interactive && !isatty(STDIN_FILENO);
        for (size_t i = 0; i < ELEMENTSOF(strings); i++) {
                r = free_and_strdup(strings[i].field, strings[i].value);
                if (r < 0)
                        return r;
        }
        r = strv_extend_strv(&s->properties, args->properties);
        return r < 0 ? r : context_insecure_for_apps(c, &s->insecure);
}

/* The option, else the manifest's annotation, else the configuration; only the configuration does not count for a pod
 * without a network. */
static int set_metadata(Context *c, const RunArgs *args, const AppcPod *manifest, PodSettings *s)
{
        const char *text = appc_pod_annotation(manifest, "podctl/mds-register");
        int wanted = args->mds_register < 0 && text ? parse_boolean(text) : args->mds_register, r;
        const HostConfig *config;

        if (wanted < 0 && text)
                return log_error_errno(EINVAL, "Annotation 'podctl/mds-register' is yes or no, not '%s'", text);
        if (wanted > 0 && net_is_none(s->net))
                return log_error_errno(
                        EINVAL,
                        "Option --mds-register needs a network, through which the pod asks the metadata service, "
                        "and --net=%s is none; try default-restricted",
                        s->net);
        if (wanted < 0) {
                r = context_config(c, &config);
                if (r < 0)
                        return r;
                wanted = tristate_or(config->mds_register, false) && !net_is_none(s->net);
        }
        s->mds_register = wanted > 0;
        return 0;
}

/* In the same order. */
static int set_log(Context *c, const RunArgs *args, const AppcPod *manifest, PodSettings *s)
{
        const char *text = args->log ?: appc_pod_annotation(manifest, "podctl/log");
        const HostConfig *config;
        int r;

        r = context_config(c, &config);
        if (r < 0)
                return r;
        return free_and_strdup(&s->log, text ?: engine_of(s)->log ?: config->log) < 0 ? log_oom() : 0;
}

/* The unit of which we are the main process, or which we will make. */
static int note_unit(const RunArgs *args, PodSettings *settings)
{
        _cleanup_free_ char *own = NULL;
        int r;

        r = pod_takes_our_place(args->start.detach)               ? sd_pid_get_unit(0, &own)
            : (own = pod_unit_name(settings->name)) ? 0
                                                    : -ENOMEM;
        return r < 0 ? log_error_errno(r, "Cannot find the pod's unit: %m") : free_and_strdup(&settings->unit, own);
}

static int check_start_annotations(const AppcPod *manifest)
{
        const char *hostname = appc_pod_annotation(manifest, "podctl/hostname"),
                   *ipc = appc_pod_annotation(manifest, "podctl/ipc"),
                   *log = appc_pod_annotation(manifest, "podctl/log");

        if (hostname && !pod_name_is_valid(hostname))
                return log_error_errno(EINVAL, "Annotation 'podctl/hostname': '%s' is not a valid host name", hostname);
        if (ipc && !streq(ipc, "auto") && !streq(ipc, "private") && !streq(ipc, "parent"))
                return log_error_errno(EINVAL, "Annotation 'podctl/ipc' is auto, private or parent, not '%s'", ipc);
        if (log && plan_log_from_string(log) < 0)
                return log_error_errno(EINVAL, "Annotation 'podctl/log' is both, pod, host or none, not '%s'", log);
        return 0;
}

/* All three of the app's streams are the user's, whatever a manifest says; but not if other options do. */
static int check_interactive(const RunArgs *args, const AppcPod *manifest)
{
        const AppcPodApp *app = manifest->apps;
        const char *other, *word;

        if (!args->start.interactive)
                return 0;
        if (manifest->n_apps != 1)
                return log_error_errno(EINVAL, "Option --interactive takes a pod of one app");
        if (!isatty(STDIN_FILENO) && pod_takes_our_place(args->start.detach))
                return log_error_errno(
                        EINVAL,
                        "Option --interactive needs a terminal where the pod takes the place of a unit's process; "
                        "leave it out, or give the unit one with StandardInput=tty");
        if (args->n_apps == 0)
                return 0;
        other = plan_stdio_other_than(app->annotations, isatty(STDIN_FILENO) ? STDIO_IS_TTY : STDIO_IS_STREAM,
                                      &word);
        if (other)
                return log_error_errno(EINVAL, "Option --interactive gives app '%s' %s; leave it out, or --%s=%s",
                                       app->name, isatty(STDIN_FILENO) ? "this terminal" : "streams",
                                       other + strlen("podctl/"), word);
        return 0;
}

int pod_settings_for_start(Context *c, const RunArgs *args, const AppcPod *manifest, PodSettings *settings)
{
        int r;

        r = check_interactive(args, manifest);
        if (r < 0)
                return r;
        r = check_start_annotations(manifest);
        if (r < 0)
                return r;
        if (copy_start_args(c, args, manifest, settings) < 0)
                return log_oom();
        r = run_network_settings(c, args, manifest, settings);
        if (r < 0)
                return r;
        r = set_metadata(c, args, manifest, settings);
        if (r < 0)
                return r;
        r = set_log(c, args, manifest, settings);
        return r < 0 ? r : note_unit(args, settings);
}

static int save_uuid(const char *path, const Uuid *uuid)
{
        int r = path ? write_file_at(AT_FDCWD, path, uuid->s, strlen(uuid->s), 0644) : 0;

        return r < 0 ? log_error_errno(r, "Option --uuid-file-save: cannot write %s: %m", path) : 0;
}

/* Reports an error of a pod, with the line if the pod is from a file. */
static int complain(const RunArgs *args, int r, const char *message)
{
        if (args->manifest_shown)
                return log_error_errno(r, "%s: %s", args->manifest_shown, message);
        if (!args->pod_manifest && startswith(message, "ports[") && strstr(message, ": "))
                return log_error_errno(r, "Option --port: %s", strstr(message, ": ") + 2);
        return args->pod_manifest ? pod_manifest_complain(args->pod_manifest, r, message)
                                  : log_error_errno(r, "%s", message);
}

/* A pod that is being made. What has not been moved out is freed with it. */
typedef struct Making {
        Context *context;
        const RunArgs *args;
        Uuid uuid;
        AppcPod *manifest;
        size_t n_apps;
        PodSettings *settings;
        Image **known; /* the images of its apps, where they have already been loaded */
        PlanImages images;
        PodPlan *plan; /* refers to manifest and settings */
        PodStore *pods;
} Making;

static void making_done(Making *m)
{
        pod_plan_free(m->plan);
        plan_images_done(&m->images);
        image_array_free(m->known, m->n_apps);
        pod_settings_free(m->settings);
        appc_pod_free(m->manifest);
}

static int write_files(Making *m, Pod *pod)
{
        int r;

        r = pod_write(pod, m->manifest, m->settings, &m->images);
        if (r < 0)
                return log_error_errno(r, "Cannot write pod %s: %m", m->uuid.s);
        pod->manifest = TAKE_PTR(m->manifest);
        pod->settings = TAKE_PTR(m->settings);
        return 0;
}

/* Removes a pod that cannot be written completely. */
static int write_pod(Making *m, Pod **ret)
{
        _cleanup_(pod_freep) Pod *pod = NULL;
        int r;

        r = pod_new(m->pods, &m->uuid, &pod);
        if (r < 0)
                return log_error_errno(r, "Cannot make pod %s: %m", m->uuid.s);
        r = write_files(m, pod);
        if (r < 0) {
                (void) pod_remove(pod);
                return r;
        }
        *ret = TAKE_PTR(pod);
        return 0;
}

/* Resolves the images and holds the store's lock, so that they stay until the pod that needs them is on disk. */
static int resolve_images(Making *m, int *ret_lock)
{
        _cleanup_strv_free_ char **warnings = NULL;
        _cleanup_free_ char *message = NULL;
        _cleanup_close_ int lock = -EBADF;
        ImageStore *store;
        int r;

        r = context_images(m->context, &store);
        if (r < 0)
                return r;
        lock = image_store_lock(store, LOCK_SH);
        if (lock < 0)
                return log_error_errno(lock, "Cannot lock the image store: %m");
        r = pod_resolve_images(store, m->manifest, m->settings, m->known, &m->images, &warnings, &message);
        if (r < 0)
                return complain(m->args, r, message ?: "Cannot resolve the images");
        if (rkt_ways_apply(m->manifest) < 0)
                return log_oom();
        STRV_FOREACH(warning, warnings)
                log_warning("%s", *warning);
        *ret_lock = TAKE_FD(lock);
        return 0;
}

/* At a start, systemd-nspawn misses them. Names may be of the unit, which is not known here. */
static int check_credentials(const Making *m)
{
        for (size_t i = 0; i < m->manifest->n_apps; i++) {
                const AppcPodApp *app = &m->manifest->apps[i];

                for (size_t k = 0; k < app->n_credentials; k++) {
                        const char *source = app->credentials[k].source;
                        _cleanup_free_ char *message = NULL;
                        int r;

                        /* What a file of Kubernetes has is written at the start. */
                        if (!source || !path_is_absolute(source) || startswith(source, POD_FILES_DIRECTORY "/") ||
                            access(source, F_OK) >= 0)
                                continue;
                        r = -errno;
                        message = strprintf("apps[%zu].credentials[%zu].source: %s: %s", i, k, source, strerror(errno));
                        return complain(m->args, r, strempty(message));
                }
        }
        return 0;
}

/* Makes the plan, and writes the pod unless only the plan is wanted. */
static int resolve_and_write(Making *m, Pod **ret)
{
        _cleanup_free_ char *message = NULL;
        _cleanup_close_ int lock = -EBADF;
        int r;

        r = resolve_images(m, &lock);
        if (r < 0)
                return r;
        r = context_pods(m->context, &m->pods);
        if (r < 0)
                return r;
        r = pod_plan(m->pods, m->uuid.s, m->manifest, m->settings, &m->images, &m->plan, &message);
        if (r < 0)
                return complain(m->args, r, message ?: "Cannot plan the pod");
        r = m->args->check ? check_credentials(m) : 0;
        if (r < 0)
                return r;
        if (!m->args->dry_run)
                return write_pod(m, ret);
        if (!m->args->check)
                pod_plan_print(m->plan, stdout);
        return 0;
}

int pod_make(Context *c, const RunArgs *args, bool to_start, Pod **ret, PodPlan **ret_plan)
{
        _cleanup_(making_done) Making m = { .context = c, .args = args };
        int r;

        if (args->uuid)
                m.uuid = *args->uuid;
        r = args->uuid ? 0 : uuid_new(&m.uuid);
        if (r < 0)
                return log_error_errno(r, "Cannot make a UUID: %m");
        r = run_compose(c, args, &m.manifest, &m.known);
        if (r < 0)
                return r;
        m.n_apps = m.manifest->n_apps;
        for (size_t i = 0; i < m.n_apps; i++)
                m.manifest->apps[i].options = app_options_free(m.manifest->apps[i].options);
        r = settings_new(args, m.manifest, &m.uuid, &m.settings);
        if (r < 0)
                return r;
        r = to_start ? pod_settings_for_start(c, args, m.manifest, m.settings) : 0;
        if (r < 0)
                return r;
        r = save_uuid(args->uuid_file_save, &m.uuid);
        if (r < 0)
                return r;
        r = resolve_and_write(&m, ret);
        if (r < 0)
                return r;
        if (ret_plan)
                *ret_plan = TAKE_PTR(m.plan);
        return 0;
}
