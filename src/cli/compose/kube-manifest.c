/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/log.h"
#include "cli/compose/kube-manifest.h"

static int parse(const ManifestText *from, const char *directory, KubePod **ret)
{
        _cleanup_(kube_pod_freep) KubePod *kube = NULL;
        _cleanup_json_error_ JsonError e = {};
        int r = kube_pod_parse(from->text, from->n, directory, &kube, &e);

        if (!kube)
                return log_error_errno(r, "%s: %s", from->shown ?: from->path, json_error_message(&e, r));
        for (size_t i = 0; i < kube->findings.n; i++)
                finding_log(&kube->findings.items[i], from->shown ?: from->path);
        if (r >= 0)
                *ret = TAKE_PTR(kube);
        return r;
}

int kube_manifest_parse(const ManifestText *from, Uuid *ret_uuid, KubePod **ret)
{
        _cleanup_free_ char *directory = NULL;
        int r = uuid_new(ret_uuid);

        if (r < 0)
                return log_error_errno(r, "Cannot make a UUID: %m");
        directory = strjoin(POD_FILES_DIRECTORY "/", ret_uuid->s);
        return directory ? parse(from, directory, ret) : log_oom();
}

int kube_manifest_parse_unmade(const ManifestText *from, AppcPod **ret)
{
        _cleanup_(kube_pod_freep) KubePod *kube = NULL;
        int r = parse(from, POD_FILES_DIRECTORY, &kube);

        if (r >= 0)
                *ret = TAKE_PTR(kube->manifest);
        return r;
}

int kube_files_write(const Uuid *uuid, const KubePod *kube)
{
        int r = pod_files_write(uuid, kube->files, kube->n_files);

        return r < 0 ? log_error_errno(r, "Cannot write files of the pod to " POD_FILES_DIRECTORY ": %m") : 0;
}
