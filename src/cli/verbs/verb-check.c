/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/log.h"
#include "cli/compose/kube-manifest.h"
#include "cli/compose/pod-make.h"
#include "cli/compose/pod-manifest.h"
#include "cli/start/pod-json.h"
#include "cli/verbs/host-check.h"
#include "cli/verbs/verbs.h"
#include "pod/pods-d.h"

typedef struct CheckArgs {
        bool host;
        char *format;
} CheckArgs;

static const Option options[] = {
        { "format", &option_choice, offsetof(CheckArgs, format), "FORMAT", "With --host: json or json-pretty",
          .choices = JSON_FORMATS },
        { "host", &option_bool, offsetof(CheckArgs, host), NULL, "Report what this host has and lacks for pods" },
        {},
};

/* Images that are fetched at the start cannot be looked into before. */
static bool images_are_there(Context *c, const AppcPod *manifest)
{
        const UpdateRecord none = {};

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

static int check_file(Context *c, const char *name, const char *path)
{
        RunArgs args = { RUN_ARGS_UNSET, .name = (char *) name, .pod_manifest = (char *) path, .dry_run = true,
                         .check = true, .of_pods_d = name };
        _cleanup_(appc_pod_freep) AppcPod *manifest = NULL;
        _cleanup_(kube_pod_freep) KubePod *kube = NULL;
        _cleanup_strv_free_ char **passed_over = NULL;
        Uuid uuid;
        int r;

        if (name && !pod_name_is_valid(name))
                return log_error_errno(EINVAL,
                                       "%s: '%s' cannot be the name of a pod: letters, digits, '-' and '.', at most %i",
                                       path, name, POD_NAME_MAX);
        r = pod_manifest_form(path) == POD_FORM_KUBE ? kube_manifest_read(path, NULL, &uuid, &kube)
                                                     : pod_manifest_read(path, NULL, &manifest, &passed_over);
        if (r < 0)
                return r;
        if (kube)
                manifest = TAKE_PTR(kube->manifest);
        r = pod_manifest_check_ways(manifest);
        if (r < 0)
                return r;
        STRV_FOREACH(member, passed_over)
                (void) printf("%s: ignored (extension)\n", *member);
        if (!images_are_there(c, manifest)) {
                (void) printf("%s: good, as far as can be seen before its images are fetched\n", path);
                return 0;
        }
        r = kube ? kube_files_write(&uuid, kube) : 0;
        if (r < 0)
                return r;
        args.manifest = &manifest;
        args.uuid = kube ? &uuid : NULL;
        args.manifest_shown = kube ? path : NULL;
        r = pod_make(c, &args, true, NULL, NULL);
        if (kube)
                pod_files_remove(&uuid);
        if (r < 0)
                return r;
        (void) printf("%s: good\n", path);
        return r;
}

/* The name of a pod in pods.d, or the path of a file. */
static int check_word(Context *c, const char *word)
{
        _cleanup_free_ char *path = NULL;
        int r;

        if (strchr(word, '/') || kube_path_is_yaml(word))
                return check_file(c, NULL, word);
        r = pods_d_find(word, &path);
        if (r < 0)
                return log_error_errno(r, "There is no manifest for pod '%s' in " PODS_D_LOCAL
                                          " or another pods.d directory", word);
        return check_file(c, word, path);
}

static int run(Context *c, void *userdata, char **words)
{
        const CheckArgs *args = userdata;
        _cleanup_strv_free_ char **all = NULL;
        int r = 0;

        if (args->host && words[0])
                return log_error_errno(EINVAL, "Option --host looks at the host, not at '%s'", words[0]);
        if (args->format && !args->host)
                return log_error_errno(EINVAL, "Option --format goes with --host");
        if (args->host)
                return host_check(c, args->format);
        if (!words[0]) {
                r = pods_d_list(&all);
                if (r < 0)
                        return log_error_errno(r, "Cannot read " PODS_D_LOCAL " and the other pods.d directories: %m");
                words = all;
        }
        STRV_FOREACH(word, words) {
                int k = check_word(c, *word);

                r = r < 0 ? r : k;
        }
        return r;
}

const Verb verb_check = {
        .name = "check",
        .usage = "[NAME|FILE…]",
        .summary = "Look for mistakes in pods that systemd starts",
        .options = options,
        .args_size = sizeof(CheckArgs),
        .flags = VERB_ROOT,
        .completes = "MANIFEST",
        .max_words = -1,
        .run = run,
};
