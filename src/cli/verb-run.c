/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <systemd/sd-login.h>

#include "basic/lock.h"
#include "basic/log.h"
#include "basic/path.h"
#include "cli/pod-start.h"
#include "cli/run-compose.h"
#include "cli/run-network.h"
#include "cli/verb.h"
#include "pod/plan-sources.h"
#include "pod/pod-gc.h"

static const RunArgs presets = { .private_users = -1 };

extern const Verb verb_run;

static PodSettings *settings_of(const Context *c, const RunArgs *args, const Uuid *uuid)
{
        static const char *const insecure[] = { "capabilities", "paths", "seccomp" };
        _cleanup_(pod_settings_freep) PodSettings *s = new0(PodSettings, 1);
        int r = 0;

        if (!s)
                return NULL;

        s->name = args->name ? strdup(args->name) : strprintf("pod-%.8s", uuid->s);
        s->private_users = args->private_users < 0 ? TRISTATE_UNSET : args->private_users ? TRISTATE_YES : TRISTATE_NO;
        s->interactive = args->interactive;
        s->sockets = args->interactive && !isatty(STDIN_FILENO);
        r = free_and_strdup(&s->hostname, args->hostname);
        if (r >= 0)
                r = free_and_strdup(&s->slice, args->slice);
        if (r >= 0)
                r = strv_extend_strv(&s->properties, args->properties);
        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(insecure); i++)
                if (context_is_insecure(c, insecure[i]))
                        r = strv_extend(&s->insecure, insecure[i]);
        return r >= 0 && s->name ? TAKE_PTR(s) : NULL;
}

static int save_uuid(const char *path, const Uuid *uuid)
{
        int r = path ? write_file_at(AT_FDCWD, path, uuid->s, strlen(uuid->s), 0644) : 0;

        return r < 0 ? log_error_errno(r, "Option --uuid-file-save: cannot write %s: %m", path) : 0;
}

/* The plan as it would be carried out, without making anything. */
static int print_plan(Context *c, const AppcPod *manifest, const PodSettings *settings, const PlanImage *images,
                      const Uuid *uuid)
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
                return log_error_errno(r, "%s", message ?: "Cannot plan the pod");
        pod_plan_print(plan, stdout);
        return 0;
}

/* Checks the plan and writes the pod; nothing is left of one that cannot be. */
static int prepare(Context *c, const AppcPod *manifest, const PodSettings *settings, const PlanImage *images,
                   const Uuid *uuid, Pod **ret)
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
                return log_error_errno(r, "%s", message ?: "Cannot plan the pod");

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

static int resolve_and_prepare(Context *c, const RunArgs *args, AppcPod *manifest, const PodSettings *settings,
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
        r = pod_resolve_images(store, manifest, &images, &warnings, &message);
        if (r < 0)
                return log_error_errno(r, "%s", message ?: "Cannot resolve the images");
        STRV_FOREACH(warning, warnings)
                log_warning("%s", *warning);

        r = args->dry_run ? print_plan(c, manifest, settings, images, uuid)
                          : prepare(c, manifest, settings, images, uuid, ret);
        plan_images_free(images, manifest->n_apps);
        return r;
}

static int start(Context *c, Pod *pod, const RunArgs *args)
{
        int r;

        if (is_main_process_of_service())
                return pod_launch_in_place(c, pod);

        r = pod_start_unit(c, pod, args);
        /* It never came to run: nobody else will take care of it. A pod that did is not ours any more. */
        if (r < 0 && pod->fd >= 0 && pod_refresh(pod) >= 0 && pod->directory == POD_DIR_PREPARE)
                (void) pod_remove(pod);
        return r;
}

/* The unit we are the main process of, or the one we will make. */
static int note_unit(PodSettings *settings, bool in_place)
{
        _cleanup_free_ char *own = NULL;
        int r;

        r = in_place ? sd_pid_get_unit(0, &own) : (own = pod_unit_name(settings->name)) ? 0 : -ENOMEM;
        return r < 0 ? log_error_errno(r, "Cannot tell the pod's unit: %m") : free_and_strdup(&settings->unit, own);
}

static int run_pod(Context *c, const RunArgs *args)
{
        _cleanup_(appc_pod_freep) AppcPod *manifest = NULL;
        _cleanup_(pod_settings_freep) PodSettings *settings = NULL;
        _cleanup_(pod_freep) Pod *pod = NULL;
        Uuid uuid;
        int r;

        r = uuid_new(&uuid);
        if (r < 0)
                return log_error_errno(r, "Cannot make a UUID: %m");
        r = run_compose(c, args, &manifest);
        if (r < 0)
                return r;
        if (args->interactive && manifest->n_apps != 1)
                return log_error_errno(EINVAL, "Option --interactive takes a pod of one app");
        settings = settings_of(c, args, &uuid);
        if (!settings)
                return log_oom();
        r = run_network_settings(c, args, manifest, settings);
        if (r >= 0)
                r = note_unit(settings, is_main_process_of_service());
        if (r < 0)
                return r;

        r = save_uuid(args->uuid_file_save, &uuid);
        if (r >= 0)
                r = resolve_and_prepare(c, args, manifest, settings, &uuid, &pod);
        return r < 0 || args->dry_run ? r : start(c, pod, args);
}

static int run(Context *c, void *userdata, char **words)
{
        RunArgs *args = userdata;
        int r;

        r = run_args_parse(c, words, args);
        if (r >= 0) {
                if (args->help)
                        verb_print_help(&verb_run, stdout);
                else
                        r = run_pod(c, args);
        }
        run_args_done_apps(args);
        return r;
}


int run_pod_of_unit(Context *c, const char *name, const char *manifest_path)
{
        RunArgs args = presets;

        if (!pod_name_is_valid(name))
                return log_error_errno(EINVAL, "'%s' cannot be the name of a pod: letters, digits, '-' and '.', at most %i",
                                       name, POD_NAME_MAX);
        args.name = (char *) name;
        args.pod_manifest = (char *) manifest_path;
        return run_pod(c, &args);
}

const Verb verb_run = {
        .name = "run",
        .usage = "IMAGE [APP OPTIONS] [-- ARGUMENTS… [---]] [IMAGE…]",
        .summary = "Run a pod",
        .options = run_options,
        .args_size = sizeof(RunArgs),
        .presets = &presets,
        .flags = VERB_OWN_WORDS | VERB_ROOT,
        .max_words = -1,
        .completes = "IMAGE",
        .run = run,
};
