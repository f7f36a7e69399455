/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/lock.h"
#include "basic/log.h"
#include "basic/path.h"
#include "cli/start/choose-app.h"
#include "cli/terminal/output-file.h"
#include "cli/verbs/verbs.h"
#include "image/export/aci-export.h"
#include "image/export/image-export.h"
#include "manifest/ac-types.h"
#include "manifest/appc-image.h"
#include "manifest/oci-config.h"
#include "pod/pod-image-manifest.h"
#include "pod/pod-prepare.h"
#include "shared/explain.h"
#include "stage1/app-trace.h"
#include "stage1/app-view.h"

typedef struct ExportArgs {
        char *app;
        char *format;
        bool overwrite;
} ExportArgs;

static const Option options[] = {
        { "app", &option_string, offsetof(ExportArgs, app), "APP", "The app, if the pod has several" },
        { "format", &option_choice, offsetof(ExportArgs, format), "FORMAT", "aci, the default, or oci",
          .choices = "aci|oci" },
        { "overwrite", &option_bool, offsetof(ExportArgs, overwrite), NULL, "Replace the file if there is one" },
        {},
};

/* The image of the app, as long as it is there. */
static int find_app_image(Context *c, const AppcPodApp *app, Image **ret)
{
        ImageStore *store;
        int r;

        r = context_images(c, &store);
        return r < 0 ? r : image_store_find(store, strempty(app->image.id), ret, NULL);
}

/* The archive has all files, those of dependencies too: so its manifest names no dependencies, and no whitelist. */
static int make_manifest(const Image *image, const AppcPodApp *app, json_object **ret)
{
        int r = pod_image_manifest(image, app, ret);

        if (r < 0)
                return r;
        json_object_object_del(*ret, "dependencies");
        json_object_object_del(*ret, "pathWhitelist");
        return 0;
}

/* What an appc image, or an image that is gone, would say in OCI's words. */
static int config_of_pod(const AppcPodApp *app, json_object **ret)
{
        _cleanup_(oci_platform_freep) OciPlatform *host = NULL;
        _cleanup_strv_free_ char **ports = NULL;
        _cleanup_free_ char *user = NULL;
        const App *a = app->app;
        OciConfig config = {};
        int r;

        r = oci_platform_host(&host);
        if (r < 0)
                return r;
        for (size_t i = 0; a && i < a->n_ports; i++) {
                r = strv_extendf(&ports, "%u/%s", a->ports[i].port, a->ports[i].protocol);
                if (r < 0)
                        return r;
        }
        config.os = host->os;
        config.architecture = host->architecture;
        config.variant = host->variant;
        if (a) {
                user = a->group_from_user ? strdup(strempty(a->user))
                                          : strjoin(strempty(a->user), ":", a->group ?: "0");
                if (!user)
                        return -ENOMEM;
                config.config = (OciRuntimeConfig) {
                        .user = user, .exposed_ports = ports, .env = a->environment, .entrypoint = a->exec,
                        .working_dir = a->working_directory, .labels = a->user_labels, .stop_signal = a->stop_signal,
                };
        }
        return oci_config_write(&config, ret);
}

static int make_config(const Image *image, const AppcPodApp *app, json_object **ret)
{
        return image && image->kind != IMAGE_APPC ? json_parse_memory(image->config, image->config_size, ret, NULL)
                                                  : config_of_pod(app, ret);
}

static int write_aci(const Image *image, const AppcPodApp *app, const MergedTree *tree, int fd, char **reterr_message)
{
        _cleanup_json_object_ json_object *manifest = NULL;
        int r = make_manifest(image, app, &manifest);

        return r < 0 ? r : aci_write(&(AciContents) { .manifest = manifest, .tree = tree }, true, fd, reterr_message);
}

static int write_oci(const Image *image, const AppcPodApp *app, const MergedTree *tree, int fd, char **reterr_message)
{
        const char *version = strv_env_get(app->image.labels, "version");
        _cleanup_free_ char *name = strjoin(app->image.name ?: app->name, version ? ":" : "", strempty(version));
        _cleanup_json_object_ json_object *config = NULL;
        char *names[] = { name, NULL };
        int r = name ? make_config(image, app, &config) : -ENOMEM;

        return r < 0 ? r
                     : image_write_oci(&(OciContents){ .config = config, .tree = tree, .names = names }, fd,
                                       reterr_message);
}

typedef struct Exported {
        int root;
        char **lowers;
} Exported;

static bool image_has(const Exported *e, const char *path)
{
        STRV_FOREACH(lower, e->lowers) {
                _cleanup_free_ char *full = path_join(*lower, path);
                struct stat st;

                if (full && lstat(full, &st) >= 0)
                        return true;
        }
        return false;
}

static bool is_of_the_app(const void *userdata, const char *path, bool is_directory)
{
        const Exported *e = userdata;

        return !app_trace_is(e->root, path) || image_has(e, path);
}

static int write_app(const Pod *pod, const AppcPodApp *app, const Image *image, bool oci, int fd,
                     char **reterr_message)
{
        _cleanup_close_ int root = -EBADF;
        _cleanup_strv_free_ char **lowers = NULL;
        Exported exported = {};
        MergedLayer layer = { .allows = is_of_the_app, .userdata = &exported };
        MergedTree tree = { .layers = &layer, .n = 1 };
        int r;

        r = pod_app_lowers(pod, app->name, &lowers);
        if (r < 0)
                return r;
        root = app_view_open(pod, app->name, reterr_message);
        if (root < 0)
                return root;
        exported = (Exported) { .root = root, .lowers = lowers };
        layer.fd = root;
        return (oci ? write_oci : write_aci)(image, app, &tree, fd, reterr_message);
}

static int export_app(Context *c, const Pod *pod, const AppcPodApp *app, bool oci, Output *output)
{
        _cleanup_(image_freep) Image *image = NULL;
        _cleanup_free_ char *message = NULL;
        int r;

        (void) find_app_image(c, app, &image);
        r = write_app(pod, app, image, oci, output->fd, &message);
        return r < 0 ? log_error_errno(r, "Cannot export app '%s' of pod %s: %s", app->name, pod->uuid.s,
                                       explained(message, r))
                     : output_commit(output);
}

/* Holds the pod, so that it is not removed meanwhile. */
static int take_pod(Context *c, const char *text, Pod **ret)
{
        _cleanup_(pod_freep) Pod *pod = NULL;
        _cleanup_free_ char *message = NULL;
        int r;

        r = context_find_pod(c, text, &pod);
        if (r < 0)
                return r;
        if (pod->state != POD_EXITED && pod->state != POD_EXITED_GARBAGE)
                return log_error_errno(EBUSY, "Pod %s is %s; only a pod that has exited can be exported", pod->uuid.s,
                                       pod_state_to_string(pod->state));
        r = fd_lock(pod->fd, LOCK_SH | LOCK_NB);
        if (r < 0)
                return log_error_errno(r, "Pod %s is being removed", pod->uuid.s);
        r = pod_load(pod, &message);
        if (r < 0)
                return log_explained(r, message, "Cannot read pod %s", pod->uuid.s);
        *ret = TAKE_PTR(pod);
        return 0;
}

static int run(Context *c, void *userdata, char **words)
{
        ExportArgs *args = userdata;
        _cleanup_(output_done) Output output = OUTPUT_NONE;
        _cleanup_(pod_freep) Pod *pod = NULL;
        bool oci = args->format && streq(args->format, "oci");
        const AppcPodApp *app;
        int r;

        if (!oci && !endswith(words[1], ".aci"))
                return log_error_errno(EINVAL,
                                       "'%s' is not a name for an ACI: it has to end in '.aci'; for an OCI archive "
                                       "give --format=oci", words[1]);
        r = take_pod(c, words[0], &pod);
        if (r < 0)
                return r;
        r = choose_app(pod, args->app, &app);
        if (r < 0)
                return r;
        r = output_open_file(words[1], args->overwrite, &output);
        return r < 0 ? r : export_app(c, pod, app, oci, &output);
}

const Verb verb_export = {
        .name = "export",
        .usage = "POD FILE",
        .summary = "Write an app of an exited pod to a file, as an image",
        .options = options,
        .args_size = sizeof(ExportArgs),
        .flags = VERB_ROOT | VERB_AFTER_ENDINGS,
        .min_words = 2,
        .max_words = 2,
        .completes = "POD FILE",
        .run = run,
};
