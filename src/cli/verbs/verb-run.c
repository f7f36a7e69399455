/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/log.h"
#include "cli/compose/kube-manifest.h"
#include "cli/compose/pod-timer.h"
#include "cli/compose/pod-make.h"
#include "cli/compose/pod-manifest.h"
#include "cli/start/pod-start.h"
#include "cli/verbs/verbs.h"
#include "pod/pod-gc.h"
#include "unit/quick-moves.h"

static const RunArgs presets = { RUN_ARGS_UNSET };

/* The unit of such a pod starts it once, with the process that waits here. */
static int refuse_restart(const RunArgs *args)
{
        STRV_FOREACH(p, args->properties)
                if (startswith(*p, "Restart=") && !streq(*p, "Restart=no"))
                        return log_error_errno(EINVAL,
                                               "Option --property=%s: a pod of 'podctl run' is not started again; "
                                               "write --restart=WHEN after the image, or use 'podctl create'",
                                               *p);
        return 0;
}

static int start(Context *c, Pod *pod, PodPlan *plan, const RunArgs *args)
{
        int r;

        if (pod_takes_our_place(args->start.detach))
                return pod_launch_in_place(c, pod, plan);

        r = pod_start_unit(c, pod, plan, &args->start);
        /* It never ran: nothing else will remove it. A pod that did run is not ours any more. */
        if (r != 0 && pod->fd >= 0 && pod_refresh(pod) >= 0 && pod->directory == POD_DIR_PREPARE)
                (void) pod_remove(pod);
        return r;
}

static int make_and_start(Context *c, const RunArgs *args)
{
        _cleanup_(pod_freep) Pod *pod = NULL;
        _cleanup_(pod_plan_freep) PodPlan *plan = NULL;
        int r;

        r = pod_takes_our_place(args->start.detach) ? 0 : refuse_restart(args);
        if (r < 0)
                return r;
        if (!args->dry_run && !pod_takes_our_place(args->start.detach))
                quick_moves_begin();
        r = pod_make(c, args, true, &pod, &plan);
        if (args->uuid && (r < 0 || args->dry_run))
                pod_files_remove(args->uuid);
        return r < 0 || args->dry_run ? r : start(c, pod, plan, args);
}

/* Kubernetes has longer names, and podman others. */
static int check_kube_name(const RunArgs *args, const KubePod *kube, const char *shown)
{
        if (args->name || pod_name_is_valid(kube->name))
                return 0;
        return log_error_errno(EINVAL, "%s: metadata.name: '%s' cannot be the name of a pod: letters, digits, '-' and "
                               "'.', at most %i; give another with --name", shown, kube->name, POD_NAME_MAX);
}

/* A file of Kubernetes may have files for the pod, which are there before it is made. */
static int run_kube(Context *c, const RunArgs *args, const ManifestText *from)
{
        _cleanup_(kube_pod_freep) KubePod *kube = NULL;
        RunArgs own = *args;
        Uuid uuid;
        int r = kube_manifest_parse(from, false, &uuid, &kube);

        if (r >= 0)
                r = check_kube_name(args, kube, from->shown ?: from->path);
        if (r >= 0)
                r = kube_logins_use(c, kube, from->shown ?: from->path);
        if (r >= 0)
                r = kube_files_write(&uuid, kube);
        if (r < 0)
                return r;
        own.name = args->name ?: kube->name;
        own.pod_manifest = (char *) from->path;
        own.manifest_shown = from->path;
        own.manifest = &kube->manifest;
        own.uuid = &uuid;
        if (kube->timer && !kube->timer->suspended)
                pod_timer_warn_if_missing(from->path, own.name, args->of_pods_d);
        return make_and_start(c, &own);
}

static int run_manifest(Context *c, const RunArgs *args, const ManifestText *from)
{
        _cleanup_(appc_pod_freep) AppcPod *manifest = NULL;
        RunArgs own = *args;
        int r = pod_manifest_parse(c, from, &manifest, NULL);

        own.manifest = &manifest;
        return r < 0 ? r : make_and_start(c, &own);
}

int run_new_pod(Context *c, const RunArgs *args)
{
        const char *path = args->kube ?: args->pod_manifest;
        _cleanup_(manifest_text_done) ManifestText text = {};
        int r = path ? manifest_text_read(path, NULL, &text) : 0;

        if (r < 0)
                return r;
        if (args->kube || (path && text.form == POD_FORM_KUBE))
                return run_kube(c, args, &text);
        return path ? run_manifest(c, args, &text) : make_and_start(c, args);
}

static int run(Context *c, void *userdata, char **words)
{
        return run_args_run(c, &verb_run, words, userdata, run_new_pod);
}

int run_pod_of_unit(Context *c, const char *name, const char *manifest_path)
{
        RunArgs args = presets;

        if (!pod_name_is_valid(name))
                return log_error_errno(EINVAL,
                                       "'%s' cannot be the name of a pod: letters, digits, '-' and '.', at most %i",
                                       name, POD_NAME_MAX);
        args.name = (char *) name;
        args.pod_manifest = (char *) manifest_path;
        args.of_pods_d = true;
        return run_new_pod(c, &args);
}

const Verb verb_run = {
        .name = "run",
        .usage = "IMAGE [APP OPTIONS] [-- ARGUMENTS… [---]] [IMAGE…]",
        .summary = "Run a pod",
        .options = run_options,
        .app_options = run_app_options,
        .args_size = sizeof(RunArgs),
        .presets = &presets,
        .flags = VERB_OWN_WORDS | VERB_ROOT,
        .max_words = -1,
        .completes = "IMAGE",
        .run = run,
};
