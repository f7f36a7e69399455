/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <limits.h>
#include <unistd.h>

#include "basic/log.h"
#include "cli/compose/kube-manifest.h"
#include "shared/explain.h"

static int parse(const ManifestText *from, const KubeSurroundings *around, KubePod **ret)
{
        _cleanup_(kube_pod_freep) KubePod *kube = NULL;
        _cleanup_json_error_ JsonError e = {};
        int r = kube_pod_parse(from->text, from->n, around, &kube, &e);

        if (!kube)
                return log_error_errno(r, "%s: %s", from->shown ?: from->path, json_error_message(&e, r));
        for (size_t i = 0; i < kube->findings.n; i++) {
                Finding *f = &kube->findings.items[i];
                const char *file = manifest_text_locate(from, &f->line);

                finding_log(f, file);
        }
        if (r >= 0)
                *ret = TAKE_PTR(kube);
        return r;
}

int kube_manifest_parse(const ManifestText *from, bool looks, Uuid *ret_uuid, KubePod **ret)
{
        _cleanup_free_ char *directory = NULL;
        char node[HOST_NAME_MAX + 1] = "";
        int r = uuid_new(ret_uuid);

        if (r < 0)
                return log_error_errno(r, "Cannot make a UUID: %m");
        directory = strjoin(POD_FILES_DIRECTORY "/", ret_uuid->s);
        if (!directory)
                return log_oom();
        (void) gethostname(node, sizeof(node) - 1);
        return parse(from, &(KubeSurroundings) { directory, ret_uuid->s, node, looks }, ret);
}

int kube_manifest_parse_unmade(const ManifestText *from, Context *to_fetch, AppcPod **ret)
{
        _cleanup_(kube_pod_freep) KubePod *kube = NULL;
        int r = parse(from, &(KubeSurroundings) { POD_FILES_DIRECTORY }, &kube);

        if (r >= 0 && to_fetch)
                r = kube_logins_use(to_fetch, kube, from->shown ?: from->path);
        if (r >= 0)
                *ret = TAKE_PTR(kube->manifest);
        return r;
}

int kube_timer_read(const char *path, KubeTimer **ret)
{
        _cleanup_(kube_pod_freep) KubePod *kube = NULL;
        _cleanup_(manifest_text_done) ManifestText text = {};
        _cleanup_json_error_ JsonError e = {};
        int r = manifest_text_read(path, NULL, &text);

        *ret = NULL;
        if (r < 0 || text.form != POD_FORM_KUBE)
                return r;
        r = kube_pod_parse(text.text, text.n, &(KubeSurroundings) { POD_FILES_DIRECTORY }, &kube, &e);
        if (r < 0)
                return log_error_errno(r, "%s: %s", path, json_error_message(&e, r));
        *ret = TAKE_PTR(kube->timer);
        return 0;
}

int kube_logins_use(Context *c, const KubePod *kube, const char *shown)
{
        Fetcher *fetcher;
        int r = kube->logins ? context_fetcher(c, &fetcher) : 0;

        STRV_FOREACH(login, kube->logins) {
                _cleanup_free_ char *message = NULL;
                const char *text = strchr(*login, '=') + 1;

                if (r >= 0)
                        r = fetcher_add_logins(fetcher, text, &message);
                if (message)
                        return log_error_errno(r, "%s: Secret '%.*s': %s", shown, (int) (text - 1 - *login), *login,
                                               message);
        }
        return r;
}

int kube_files_write(const Uuid *uuid, const KubePod *kube)
{
        _cleanup_free_ char *message = NULL;
        int r = pod_files_write(uuid, kube->files, kube->n_files, &message);

        return r < 0 ? log_explained(r, message, "Cannot write files of the pod to " POD_FILES_DIRECTORY) : 0;
}
