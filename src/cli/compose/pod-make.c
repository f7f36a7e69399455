/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <systemd/sd-login.h>

#include "basic/lock.h"
#include "basic/log.h"
#include "basic/parse.h"
#include "basic/path.h"
#include "cli/compose/pod-make.h"
#include "cli/compose/pods-d.h"
#include "cli/compose/run-compose.h"
#include "cli/compose/run-network.h"
#include "cli/persona.h"
#include "cli/rkt-ways.h"
#include "cli/start/pod-start.h"
#include "pod/plan-sources.h"
#include "pod/pod-gc.h"

/* As machined knows it. */
static char *default_name(const Uuid *uuid)
{
        return persona_is_rkt() ? strjoin("rkt-", uuid->s) : strprintf("pod-%.8s", uuid->s);
}

/* What is part of the pod itself. */
static int settings_new(const RunArgs *args, const AppcPod *manifest, const Uuid *uuid, PodSettings **ret)
{
        _cleanup_(pod_settings_freep) PodSettings *s = new0(PodSettings, 1);
        const char *text = appc_pod_annotation(manifest, "podctl/private-users");
        int users = args->private_users < 0 && text ? parse_boolean(text) : args->private_users;

        if (users < 0 && text)
                return log_error_errno(EINVAL, "Annotation 'podctl/private-users' is yes or no, not '%s'", text);
        if (!s)
                return log_oom();
        s->name = args->name ? strdup(args->name) : default_name(uuid);
        s->private_users = users < 0 ? TRISTATE_UNSET : users ? TRISTATE_YES : TRISTATE_NO;
        if (!s->name)
                return log_oom();
        *ret = TAKE_PTR(s);
        return 0;
}

PodSettings *pod_settings_renew(const PodSettings *old)
{
        _cleanup_(pod_settings_freep) PodSettings *s = new0(PodSettings, 1);

        if (!s || free_and_strdup(&s->name, old->name) < 0)
                return NULL;
        s->private_users = old->private_users;
        return TAKE_PTR(s);
}

/* The option, else the manifest's annotation. */
static int copy_start_args(const Context *c, const RunArgs *args, const AppcPod *manifest, PodSettings *s)
{
        static const char *const insecure[] = { "capabilities", "paths", "seccomp" };
        const struct {
                const char *value;
                char **field;
        } strings[] = {
                { args->hostname ?: appc_pod_annotation(manifest, "podctl/hostname"), &s->hostname },
                { args->slice, &s->slice },
                { args->ipc ?: appc_pod_annotation(manifest, "podctl/ipc"), &s->ipc },
                { args->start.interactive ? getenv("TERM") : NULL, &s->terminal },
        };
        int r = 0;

        s->interactive = args->start.interactive;
        s->sockets = args->start.interactive && !isatty(STDIN_FILENO);
        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(strings); i++)
                r = free_and_strdup(strings[i].field, strings[i].value);
        if (r >= 0)
                r = strv_extend_strv(&s->properties, args->properties);
        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(insecure); i++)
                if (context_is_insecure(c, insecure[i]))
                        r = strv_extend(&s->insecure, insecure[i]);
        return r;
}

/* The option, else the manifest's annotation, else the configuration; only the last one yields to a pod without
 * network. */
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

/* The unit we are the main process of, or the one we will make. */
static int note_unit(const RunArgs *args, PodSettings *settings)
{
        _cleanup_free_ char *own = NULL;
        int r;

        r = pod_takes_our_place(args->start.detach)               ? sd_pid_get_unit(0, &own)
            : (own = pod_unit_name(settings->name)) ? 0
                                                    : -ENOMEM;
        return r < 0 ? log_error_errno(r, "Cannot tell the pod's unit: %m") : free_and_strdup(&settings->unit, own);
}

static int check_start_annotations(const AppcPod *manifest)
{
        const char *hostname = appc_pod_annotation(manifest, "podctl/hostname"),
                   *ipc = appc_pod_annotation(manifest, "podctl/ipc");

        if (hostname && !pod_name_is_valid(hostname))
                return log_error_errno(EINVAL, "Annotation 'podctl/hostname': '%s' is not a valid host name", hostname);
        if (ipc && !streq(ipc, "auto") && !streq(ipc, "private") && !streq(ipc, "parent"))
                return log_error_errno(EINVAL, "Annotation 'podctl/ipc' is auto, private or parent, not '%s'", ipc);
        return 0;
}

int pod_settings_for_start(Context *c, const RunArgs *args, const AppcPod *manifest, PodSettings *settings)
{
        int r;

        if (args->start.interactive && manifest->n_apps != 1)
                return log_error_errno(EINVAL, "Option --interactive takes a pod of one app");
        if (args->start.interactive && !isatty(STDIN_FILENO) && pod_takes_our_place(args->start.detach))
                return log_error_errno(EINVAL, "Option --interactive needs a terminal where the pod takes the place of a unit's process; "
                                       "leave it out, or give the unit one with StandardInput=tty");
        r = check_start_annotations(manifest);
        if (r < 0)
                return r;
        if (copy_start_args(c, args, manifest, settings) < 0)
                return log_oom();
        r = run_network_settings(c, args, manifest, settings);
        if (r >= 0)
                r = set_metadata(c, args, manifest, settings);
        return r < 0 ? r : note_unit(args, settings);
}

static int save_uuid(const char *path, const Uuid *uuid)
{
        int r = path ? write_file_at(AT_FDCWD, path, uuid->s, strlen(uuid->s), 0644) : 0;

        return r < 0 ? log_error_errno(r, "Option --uuid-file-save: cannot write %s: %m", path) : 0;
}

/* What is wrong with a pod, and in which line where it comes from a file. */
static int complain(const RunArgs *args, int r, const char *message)
{
        if (args->manifest_shown)
                return log_error_errno(r, "%s: %s", args->manifest_shown, message);
        if (!args->pod_manifest && startswith(message, "ports[") && strstr(message, ": "))
                return log_error_errno(r, "Option --port: %s", strstr(message, ": ") + 2);
        return args->pod_manifest ? pod_manifest_complain(args->pod_manifest, r, message)
                                  : log_error_errno(r, "%s", message);
}

/* The plan as it would be carried out, without making anything. */
static int try_plan(Context *c, const RunArgs *args, const AppcPod *manifest, const PodSettings *settings,
                    const PlanImage *images, const Uuid *uuid)
{
        _cleanup_(pod_plan_freep) PodPlan *plan = NULL;
        _cleanup_free_ char *directory = NULL, *message = NULL;
        PodStore *pods;
        int r;

        r = context_pods(c, &pods);
        if (r < 0)
                return r;
        directory = strjoin(pods->data, "/pods/run/", uuid->s);
        if (!directory)
                return log_oom();
        r = pod_plan_new(manifest, settings, images, uuid->s, directory, &plan, &message);
        if (r >= 0)
                r = plan_check_sources(plan, &message);
        if (r < 0)
                return complain(args, r, message ?: "Cannot plan the pod");
        if (!args->check)
                pod_plan_print(plan, stdout);
        return 0;
}

/* Checks the plan and writes the pod; nothing is left of one that cannot be. */
static int write_pod(Context *c, const RunArgs *args, const AppcPod *manifest, const PodSettings *settings,
                     const PlanImage *images, const Uuid *uuid, Pod **ret)
{
        _cleanup_(pod_plan_freep) PodPlan *plan = NULL;
        _cleanup_(pod_freep) Pod *pod = NULL;
        _cleanup_free_ char *message = NULL;
        PodStore *pods;
        int r;

        r = context_pods(c, &pods);
        if (r < 0)
                return r;
        r = pod_plan_new(manifest, settings, images, uuid->s, "/", &plan, &message);
        if (r >= 0)
                r = plan_check_sources(plan, &message);
        if (r < 0)
                return complain(args, r, message ?: "Cannot plan the pod");

        r = pod_new(pods, uuid, &pod);
        if (r < 0)
                return log_error_errno(r, "Cannot make pod %s: %m", uuid->s);
        r = pod_write(pod, manifest, settings, images);
        if (r >= 0)
                r = pod_load(pod, &message);
        if (r < 0) {
                if (message)
                        log_error("%s", message);
                else
                        log_error_errno(r, "Cannot write pod %s: %m", uuid->s);
                (void) pod_remove(pod);
                return r;
        }

        *ret = TAKE_PTR(pod);
        return 0;
}

static int resolve_and_write(Context *c, const RunArgs *args, AppcPod *manifest, const PodSettings *settings,
                               const Uuid *uuid, Pod **ret)
{
        _cleanup_strv_free_ char **warnings = NULL;
        _cleanup_free_ char *message = NULL;
        _cleanup_close_ int lock = -EBADF;
        PlanImage *images = NULL;
        ImageStore *store;
        int r;

        r = context_images(c, &store);
        if (r < 0)
                return r;
        lock = image_store_lock(store, LOCK_SH);
        if (lock < 0)
                return log_error_errno(lock, "Cannot lock the image store: %m");
        r = pod_resolve_images(store, manifest, settings, &images, &warnings, &message);
        if (r < 0)
                return complain(args, r, message ?: "Cannot resolve the images");
        if (rkt_ways_apply(manifest) < 0) {
                plan_images_free(images, manifest->n_apps);
                return log_oom();
        }
        STRV_FOREACH(warning, warnings)
                log_warning("%s", *warning);

        r = args->dry_run ? try_plan(c, args, manifest, settings, images, uuid)
                          : write_pod(c, args, manifest, settings, images, uuid, ret);
        plan_images_free(images, manifest->n_apps);
        return r;
}

/* What stage1.d says counts where nothing was chosen. */
static int check_default_stage1(Context *c, const RunArgs *args)
{
        const HostConfig *config;
        const char *chosen;
        int r;

        if (args->stage1)
                return 0;
        r = context_config(c, &config);
        if (r < 0)
                return r;
        chosen = config->stage1_name ?: config->stage1_location;
        if (!chosen || stage1_is_ours(chosen))
                return 0;
        return log_error_errno(EOPNOTSUPP,
                               "The configuration, in stage1.d, wants the engine '%s', and there is only 'nspawn'",
                               chosen);
}

int pod_make(Context *c, const RunArgs *args, bool to_start, Pod **ret)
{
        _cleanup_(appc_pod_freep) AppcPod *manifest = NULL;
        _cleanup_(pod_settings_freep) PodSettings *settings = NULL;
        Uuid uuid;
        int r;

        r = check_default_stage1(c, args);
        if (r < 0)
                return r;
        r = uuid_new(&uuid);
        if (r < 0)
                return log_error_errno(r, "Cannot make a UUID: %m");
        r = run_compose(c, args, &manifest);
        if (r < 0)
                return r;
        r = settings_new(args, manifest, &uuid, &settings);
        if (r < 0)
                return r;
        r = to_start ? pod_settings_for_start(c, args, manifest, settings) : 0;
        if (r >= 0)
                r = save_uuid(args->uuid_file_save, &uuid);
        return r < 0 ? r : resolve_and_write(c, args, manifest, settings, &uuid, ret);
}
