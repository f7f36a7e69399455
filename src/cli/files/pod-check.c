/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <unistd.h>

#include "basic/log.h"
#include "cli/compose/kube-manifest.h"
#include "cli/compose/pod-make.h"
#include "cli/compose/pod-manifest.h"
#include "cli/compose/pod-timer.h"
#include "cli/files/pod-check.h"
#include "pod/pods-d.h"

/* Images that are fetched at the start cannot be looked into before, nor can any by others than root. */
static bool images_are_there(Context *c, const AppcPod *manifest)
{
        const UpdateRecord none = {};

        if (geteuid() != 0)
                return false;
        for (size_t i = 0; i < manifest->n_apps; i++) {
                const AppcPodApp *app = &manifest->apps[i];
                ImageStore *store;
                Digest id;

                if (!strv_env_get(app->annotations, "podctl/image"))
                        continue;
                if (context_images(c, &store) < 0 || pods_d_find_image(store, &none, app, &id) < 0)
                        return false;
        }
        return true;
}

/* Kube: NULL, it is of another form. */
static int check_manifest(Context *c, RunArgs *args, const KubePod *kube)
{
        int r = pod_manifest_check_ways(*args->manifest);

        if (r < 0)
                return r;
        if (!images_are_there(c, *args->manifest))
                return 1;
        r = kube ? kube_files_write(args->uuid, kube) : 0;
        if (r < 0)
                return r;
        r = pod_make(c, args, true, NULL, NULL);
        if (kube)
                pod_files_remove(args->uuid);
        return MIN(r, 0);
}

int pod_check_file(Context *c, const char *name, const char *path, char *const *documents, Findings *ret_remarks)
{
        RunArgs args = { RUN_ARGS_UNSET, .name = (char *) name, .pod_manifest = (char *) path, .dry_run = true,
                         .check = true, .of_pods_d = name };
        _cleanup_(appc_pod_freep) AppcPod *manifest = NULL;
        _cleanup_(kube_pod_freep) KubePod *kube = NULL;
        _cleanup_(manifest_text_done) ManifestText text = {};
        _cleanup_free_ char *timer = NULL;
        Uuid uuid;
        int r;

        if (name && !pod_name_is_valid(name))
                return log_error_errno(EINVAL,
                                       "%s: '%s' cannot be the name of a pod: letters, digits, '-' and '.', at most %i",
                                       path, name, POD_NAME_MAX);
        r = manifest_text_read(path, NULL, &text);
        if (r >= 0)
                r = manifest_text_join(&text, documents);
        if (r < 0)
                return r;
        r = text.form == POD_FORM_KUBE ? kube_manifest_parse(&text, true, &uuid, &kube)
                                       : pod_manifest_parse(c, &text, &manifest, ret_remarks);
        if (r < 0)
                return r;
        if (kube)
                manifest = TAKE_PTR(kube->manifest);
        args.manifest = &manifest;
        args.uuid = kube ? &uuid : NULL;
        args.manifest_shown = kube ? path : NULL;
        log_set_prefix(path);
        r = kube ? pod_timer_format(path, strempty(name), kube->timer, &timer) : 0;
        if (r >= 0)
                r = check_manifest(c, &args, kube);
        log_set_prefix(NULL);
        return r;
}
