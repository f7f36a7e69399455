/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/lock.h"
#include "basic/log.h"
#include "cli/output-file.h"
#include "cli/verb.h"
#include "image/aci-export.h"
#include "image/image-export.h"
#include "manifest/ac-types.h"
#include "manifest/appc-image.h"
#include "manifest/oci-descriptor.h"
#include "stage1/app-view.h"

typedef struct ExportArgs {
        char *app;
        bool overwrite;
} ExportArgs;

static const Option options[] = {
        { "app", &option_string, offsetof(ExportArgs, app), "APP", "The app, where the pod has several" },
        { "overwrite", &option_bool, offsetof(ExportArgs, overwrite), NULL, "Replace the file if there is one" },
        {},
};

static int find_app(const Pod *pod, const char *name, const AppcPodApp **ret)
{
        const AppcPod *m = pod->manifest;

        if (!name && m->n_apps != 1)
                return log_error_errno(EINVAL, "Pod %s has %zu apps; choose one with --app", pod->uuid.s, m->n_apps);
        for (size_t i = 0; i < m->n_apps; i++)
                if (!name || streq(m->apps[i].name, name)) {
                        *ret = &m->apps[i];
                        return 0;
                }
        return log_error_errno(ENOENT, "Pod %s has no app '%s'", pod->uuid.s, name);
}

/* What the image says of itself, as long as it is there. */
static int manifest_of_image(Context *c, const AppcPodApp *app, json_object **ret)
{
        _cleanup_(image_freep) Image *image = NULL;
        _cleanup_free_ char *ignored = NULL;
        ImageStore *store;
        int r;

        r = context_images(c, &store);
        if (r >= 0)
                r = image_store_find(store, strempty(app->image.id), &image, &ignored);
        if (r < 0)
                return r;
        return image->kind == IMAGE_APPC ? json_parse_memory(image->manifest, image->manifest_size, ret, NULL)
                                         : image_to_appc(image, ret, &ignored);
}

static int add_platform(AppcImage *m)
{
        _cleanup_(oci_platform_freep) OciPlatform *host = NULL;
        const char *arch;
        int r;

        r = oci_platform_host(&host);
        if (r >= 0 && !appc_image_label(m, "os"))
                r = strv_extendf(&m->labels, "os=%s", host->os);
        if (r < 0 || appc_image_label(m, "arch"))
                return r;
        arch = ac_arch_from_go(host->os, host->architecture, host->variant);
        return arch ? strv_extendf(&m->labels, "arch=%s", arch) : 0;
}

/* Else what the pod knows of it. */
static int manifest_of_pod(const AppcPodApp *app, json_object **ret)
{
        _cleanup_(appc_image_freep) AppcImage *m = new0(AppcImage, 1);
        int r;

        if (!m)
                return -ENOMEM;
        m->kind = strdup("ImageManifest");
        m->version = strdup(AC_VERSION);
        m->name = strdup(app->image.name ?: app->name);
        if (!m->kind || !m->version || !m->name)
                return -ENOMEM;
        r = strv_extend_strv(&m->labels, app->image.labels);
        if (r >= 0)
                r = add_platform(m);
        if (r >= 0 && app->app)
                r = app_copy(app->app, &m->app);
        return r < 0 ? r : appc_image_write(m, ret);
}

/* The files are all there are, whatever the image had them from. */
static int make_manifest(Context *c, const AppcPodApp *app, json_object **ret)
{
        int r = manifest_of_image(c, app, ret);

        if (r < 0)
                r = manifest_of_pod(app, ret);
        if (r < 0)
                return r;
        json_object_object_del(*ret, "dependencies");
        json_object_object_del(*ret, "pathWhitelist");
        return 0;
}

static int export_app(Context *c, const Pod *pod, const AppcPodApp *app, Output *output)
{
        _cleanup_json_object_ json_object *manifest = NULL;
        _cleanup_free_ char *message = NULL;
        _cleanup_close_ int root = -EBADF;
        MergedLayer layer = {};
        MergedTree tree = { .layers = &layer, .n = 1 };
        int r;

        r = make_manifest(c, app, &manifest);
        if (r >= 0)
                r = root = app_view_open(pod, app->name, &message);
        if (r >= 0) {
                layer.fd = root;
                r = aci_write(&(AciContents) { .manifest = manifest, .tree = &tree }, true, output->fd, &message);
        }
        return r < 0 ? log_error_errno(r, "Cannot export app '%s' of pod %s: %s", app->name, pod->uuid.s,
                                       message ?: strerror(-r))
                     : output_commit(output);
}

/* Held, so that nobody removes it meanwhile. */
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
                return log_error_errno(r, "%s", strempty(message));
        *ret = TAKE_PTR(pod);
        return 0;
}

static int run(Context *c, void *userdata, char **words)
{
        ExportArgs *args = userdata;
        _cleanup_(output_done) Output output = OUTPUT_NONE;
        _cleanup_(pod_freep) Pod *pod = NULL;
        const AppcPodApp *app;
        int r;

        if (!endswith(words[1], ".aci"))
                return log_error_errno(EINVAL, "'%s' is no name for an ACI: it has to end in '.aci'", words[1]);
        r = take_pod(c, words[0], &pod);
        if (r >= 0)
                r = find_app(pod, args->app, &app);
        if (r >= 0)
                r = output_open_file(words[1], args->overwrite, &output);
        return r < 0 ? r : export_app(c, pod, app, &output);
}

const Verb verb_export = {
        .name = "export",
        .usage = "POD FILE.aci",
        .summary = "Write an app of an exited pod to a file, as an image",
        .options = options,
        .args_size = sizeof(ExportArgs),
        .flags = VERB_ROOT,
        .min_words = 2,
        .max_words = 2,
        .completes = "POD",
        .run = run,
};
