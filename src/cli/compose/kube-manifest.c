/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <limits.h>
#include <unistd.h>

#include "basic/fs.h"
#include "basic/log.h"
#include "cli/compose/given-file.h"
#include "cli/compose/kube-manifest.h"
#include "foreign/short/pod-form.h"

static int report(const char *path, const Finding *f)
{
        _cleanup_free_ char *line = finding_to_line(f, path);

        if (!line)
                return log_oom();
        log_line(f->state == FINDING_LOST ? LOG_ERR : LOG_WARNING, 0, "%s", line);
        return 0;
}

static int read_kube(const char *path, const char *shown, const KubeSurroundings *around, KubePod **ret)
{
        _cleanup_(kube_pod_freep) KubePod *kube = NULL;
        _cleanup_json_error_ JsonError e = {};
        _cleanup_free_ char *text = NULL;
        size_t n;
        int r;

        r = given_file_read(path, JSON_MAX_SIZE, &text, &n);
        if (r < 0)
                return r;
        r = kube_pod_parse(text, n, around, &kube, &e);
        if (!kube)
                return log_error_errno(r, "%s: %s", shown ?: path, json_error_message(&e, r));
        for (size_t i = 0; i < kube->findings.n; i++) {
                int k = report(shown ?: path, &kube->findings.items[i]);

                if (k < 0)
                        return k;
        }
        if (r >= 0)
                *ret = TAKE_PTR(kube);
        return r;
}

int kube_manifest_read(const char *path, const char *shown, Uuid *ret_uuid, KubePod **ret)
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
        return read_kube(path, shown, &(KubeSurroundings) { directory, ret_uuid->s, node }, ret);
}

int kube_manifest_read_unmade(const char *path, const char *shown, AppcPod **ret)
{
        _cleanup_(kube_pod_freep) KubePod *kube = NULL;
        int r = read_kube(path, shown, &(KubeSurroundings) { POD_FILES_DIRECTORY }, &kube);

        if (r >= 0)
                *ret = TAKE_PTR(kube->manifest);
        return r;
}

int kube_timer_read(const char *path, KubeTimer **ret)
{
        _cleanup_(kube_pod_freep) KubePod *kube = NULL;
        _cleanup_json_error_ JsonError e = {};
        _cleanup_free_ char *text = NULL;
        size_t n;
        int r = given_file_read(path, JSON_MAX_SIZE, &text, &n);

        *ret = NULL;
        if (r < 0 || pod_form_of(text, n, kube_path_is_yaml(path)) != POD_FORM_KUBE)
                return r;
        r = kube_pod_parse(text, n, &(KubeSurroundings) { POD_FILES_DIRECTORY }, &kube, &e);
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
        int r = pod_files_write(uuid, kube->files, kube->n_files);

        return r < 0 ? log_error_errno(r, "Cannot write files of the pod to " POD_FILES_DIRECTORY ": %m") : 0;
}
