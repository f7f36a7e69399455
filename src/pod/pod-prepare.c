/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/path.h"
#include "image/store/image-lowers.h"
#include "image/store/image-platform.h"
#include "image/store/layer-store.h"
#include "manifest/appc-image.h"
#include "pod/image-demands.h"
#include "pod/plan-sources.h"
#include "pod/pod-prepare.h"
#include "pod/pod-volumes.h"
#include "pod/pods-d.h"
#include "pod/update-record.h"
#include "shared/explain.h"

PlanImage *plan_images_free(PlanImage *images, size_t n)
{
        for (size_t i = 0; images && i < n; i++)
                strv_free(images[i].lowers);
        return mfree(images);
}

static int check_platform(const Image *image, const char *app, char ***warnings, char **reterr_message)
{
        _cleanup_free_ char *warning = NULL;
        int r;

        r = image_check_platform(image, &warning, reterr_message);
        if (r < 0)
                return explain_context(reterr_message, -r, "app '%s'", app);
        return warning ? strv_extendf(warnings, "app '%s': %s", app, warning) : 0;
}

/* Volumes of Docker images start with the image's files at that place, and so did rkt's for images from docker2aci. */
static bool volumes_have_files(const Image *image)
{
        _cleanup_(appc_image_freep) AppcImage *appc = NULL;

        return image->kind != IMAGE_APPC ||
               (appc_image_parse(image->manifest, image->manifest_size, &appc, NULL) >= 0 &&
                appc_image_annotation(appc, APPC_ANNOTATION_DOCKER_REPOSITORY));
}

static int take_app(const Image *image, AppcPodApp *app, bool private_users, char ***warnings)
{
        int r = app_copy(image->app, &app->app);

        return r < 0 || private_users ? r : image_demands_bound(app->name, app->app, warnings);
}

/* Does not load the names of the image: they are not needed here, and finding them means reading those of all
 * images. */
static int load_image(ImageStore *store, const AppcPodApp *app, Image **ret, char **reterr_message)
{
        Digest found;
        int r;

        r = image_store_resolve_appc(store, &app->image, &found, reterr_message);
        return r < 0 ? r : image_store_load(store, &found, ret, reterr_message);
}

int pod_find_image(ImageStore *store, const AppcPodApp *app, Image **ret, char **reterr_message)
{
        int r = load_image(store, app, ret, reterr_message);

        return r < 0 ? explain_context(reterr_message, r, "app '%s'", app->name) : 0;
}

static int resolve_image(ImageStore *store, AppcPod *manifest, AppcPodApp *app, const Image *image, bool private_users,
                         PlanImage *ret, char ***warnings, char **reterr_message)
{
        _cleanup_(image_freep) Image *loaded = NULL;
        char id[DIGEST_STRING_MAX];
        int r;

        /* A known image may have been removed before the store was locked. */
        if (!image || !image_store_has(store, &image->id)) {
                r = pod_find_image(store, app, &loaded, reterr_message);
                if (r < 0)
                        return r;
                image = loaded;
        }
        r = check_platform(image, app->name, warnings, reterr_message);
        if (r < 0)
                return r;
        /* appc writes IDs with '-', OCI with ':'. */
        if (image->kind == IMAGE_APPC)
                (void) digest_format_file(&image->id, id);
        else
                (void) digest_format(&image->id, id);
        r = free_and_strdup(&app->image.id, id);
        if (r < 0)
                return r;
        if (!app->app && image->app)
                r = take_app(image, app, private_users, warnings);
        if (r < 0)
                return r;
        if (app->app && image->app)
                r = image_demands_warn(app->name, app->app, image->app, warnings);
        if (r < 0)
                return r;
        r = pod_imply_volumes(manifest, app, volumes_have_files(image), warnings, reterr_message);
        if (r < 0)
                return r;

        (void) image_store_touch(store, image);
        return image_lowers(store, image, &ret->lowers, reterr_message);
}

static void note_layers(PlanImage *image)
{
        STRV_FOREACH(lower, image->lowers) {
                LayerInfo info;

                layer_path_info(*lower, &info);
                image->privileged = image->privileged || info.privileged != TRISTATE_NO;
                image->highest_id = MAX(image->highest_id, info.highest_id);
        }
}

static int resolve_images(ImageStore *store, AppcPod *manifest, const PodSettings *settings, Image *const *known,
                          PlanImage *images, char ***warnings, char **reterr_message)
{
        bool private_users = tristate_or(settings->private_users, true);

        for (size_t i = 0; i < manifest->n_apps; i++) {
                int r = resolve_image(store, manifest, &manifest->apps[i], known ? known[i] : NULL, private_users,
                                      &images[i], warnings, reterr_message);

                if (r < 0)
                        return r;
                note_layers(&images[i]);
        }
        return 0;
}

int pod_resolve_images(ImageStore *store, AppcPod *manifest, const PodSettings *settings, Image *const *known,
                       PlanImage **ret_images, char ***warnings, char **reterr_message)
{
        PlanImage *images = new0(PlanImage, manifest->n_apps);
        int r;

        if (!images)
                return -ENOMEM;
        r = resolve_images(store, manifest, settings, known, images, warnings, reterr_message);
        if (r < 0) {
                plan_images_free(images, manifest->n_apps);
                return r;
        }

        *ret_images = images;
        return 0;
}

static int write_manifest(Pod *pod, const AppcPod *manifest, const char *file)
{
        _cleanup_json_object_ json_object *o = NULL;
        _cleanup_free_ char *text = NULL;
        int r;

        r = appc_pod_write(manifest, &o);
        if (r < 0)
                return r;
        r = json_format_pretty(o, &text);
        return r < 0 ? r : write_string_at(pod->fd, file, text, 0640);
}

static int write_lowers(Pod *pod, const char *app, const PlanImage *image)
{
        _cleanup_free_ char *directory = strjoin("apps/", app), *file = NULL, *text = NULL;
        int r;

        file = directory ? path_join(directory, "lower") : NULL;
        text = strv_join(image->lowers, "\n");
        if (!file || !text)
                return -ENOMEM;
        r = mkdir_p_at(pod->fd, directory, 0755);
        return r < 0 ? r : write_string_at(pod->fd, file, text, 0640);
}

int pod_write_settings(const Pod *pod, bool durable)
{
        _cleanup_free_ char *text = NULL;
        int r = pod_settings_format(pod->settings, &text);

        if (r < 0)
                return r;
        if (durable)
                return write_file_at(pod->fd, "settings", text, strlen(text), 0640);
        if (r < 0)
                return r;
        r = write_string_at(pod->fd, "settings.new", text, 0640);
        return r < 0 ? r : renameat(pod->fd, "settings.new", pod->fd, "settings") < 0 ? -errno : 0;
}

int pod_write(Pod *pod, const AppcPod *manifest, const PodSettings *settings, const PlanImage *images)
{
        _cleanup_free_ char *text = NULL;
        int r = 0;

        /* The layers first: once there is a manifest, they must be protected from removal. */
        for (size_t i = 0; i < manifest->n_apps; i++) {
                r = write_lowers(pod, manifest->apps[i].name, &images[i]);
                if (r < 0)
                        return r;
        }
        r = mkdir_p_at(pod->fd, "apps", 0755);
        if (r >= 0)
                r = pod_settings_format(settings, &text);
        if (r < 0)
                return r;
        r = write_string_at(pod->fd, "settings", text, 0640);
        return r < 0 ? r : write_manifest(pod, manifest, "pod");
}

int pod_add_image(Pod *pod, ImageStore *store, AppcPodApp *app, const Image *known, char ***warnings,
                  char **reterr_message)
{
        PlanImage *image = new0(PlanImage, 1);
        int r;

        if (!image)
                return -ENOMEM;
        r = resolve_image(store, pod->manifest, app, known, tristate_or(pod->settings->private_users, true), image,
                          warnings, reterr_message);
        if (r >= 0)
                r = write_lowers(pod, app->name, image);
        plan_images_free(image, 1);
        return r;
}

/* The time of the file is that of the pod's creation. */
int pod_write_manifest(Pod *pod)
{
        struct timespec times[2] = { { .tv_nsec = UTIME_OMIT } };
        struct stat st;
        int r;

        if (fstatat(pod->fd, "pod", &st, AT_SYMLINK_NOFOLLOW) < 0)
                return -errno;
        times[1] = st.st_mtim;
        r = write_manifest(pod, pod->manifest, "pod.new");
        if (r < 0)
                return r;
        return utimensat(pod->fd, "pod.new", times, AT_SYMLINK_NOFOLLOW) < 0 ||
                               renameat(pod->fd, "pod.new", pod->fd, "pod") < 0
                       ? -errno
                       : 0;
}

int pod_app_lowers(const Pod *pod, const char *app, char ***ret)
{
        _cleanup_free_ char *path = strjoin("apps/", app, "/lower"), *text = NULL;
        int r;

        if (!path)
                return -ENOMEM;
        r = read_file_at(pod->fd, path, 1024 * 1024, &text, NULL);
        return r < 0 ? r : strv_split(text, '\n', ret);
}

/* Uses the directory that the pod has when it runs, wherever it is now. */
static int make_plan(const PodStore *store, const char *uuid, const AppcPod *manifest, const PodSettings *settings,
                     const PlanImage *images, PodPlan **ret, char **reterr_message)
{
        _cleanup_free_ char *directory = strjoin(store->data, "/pods/run/", uuid);

        return directory ? pod_plan_new(manifest, settings, images, uuid, directory, ret, reterr_message) : -ENOMEM;
}

int pod_plan(const PodStore *store, const char *uuid, const AppcPod *manifest, const PodSettings *settings,
             const PlanImage *images, PodPlan **ret, char **reterr_message)
{
        _cleanup_(pod_plan_freep) PodPlan *plan = NULL;
        int r;

        r = make_plan(store, uuid, manifest, settings, images, &plan, reterr_message);
        if (r < 0)
                return r;
        r = plan_resolve_sources(plan, reterr_message);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(plan);
        return 0;
}

static int read_images(const Pod *pod, PlanImage *images)
{
        for (size_t i = 0; i < pod->manifest->n_apps; i++) {
                int r = pod_app_lowers(pod, pod->manifest->apps[i].name, &images[i].lowers);

                if (r < 0)
                        return r;
                note_layers(&images[i]);
        }
        return 0;
}

static int plan_of_images(const Pod *pod, PlanImage *images, PodPlan **ret, char **reterr_message)
{
        int r = read_images(pod, images);

        if (r < 0)
                return r;
        return make_plan(pod->store, pod->uuid.s, pod->manifest, pod->settings, images, ret, reterr_message);
}

static int plan_loaded(const Pod *pod, PodPlan **ret, char **reterr_message)
{
        PlanImage *images = new0(PlanImage, pod->manifest->n_apps);
        int r;

        if (!images)
                return -ENOMEM;
        r = plan_of_images(pod, images, ret, reterr_message);
        plan_images_free(images, pod->manifest->n_apps);
        return r;
}

int pod_plan_of(Pod *pod, PodPlan **ret, char **reterr_message)
{
        _cleanup_(pod_plan_freep) PodPlan *plan = NULL;
        int r;

        r = pod_load(pod, reterr_message);
        if (r < 0)
                return r;
        r = plan_loaded(pod, &plan, reterr_message);
        if (r < 0)
                return r;
        r = plan_resolve_sources(plan, reterr_message);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(plan);
        return 0;
}

int pod_plan_of_running(Pod *pod, PodPlan **ret, char **reterr_message)
{
        int r;

        r = pod_load(pod, reterr_message);
        if (r < 0)
                return r;
        r = plan_loaded(pod, ret, reterr_message);
        if (r < 0)
                return r;
        (void) plan_resolve_sources(*ret, NULL);
        return 0;
}

int pod_plan_with_late(Pod *pod, PodPlan **ret, char **reterr_message)
{
        _cleanup_(pod_plan_freep) PodPlan *plan = NULL;
        int r = plan_loaded(pod, &plan, reterr_message);

        for (size_t i = 0; r >= 0 && i < plan->n_apps; i++) {
                const bool late = i == plan->n_apps - 1;
                int one;

                plan->apps[i].late = late;
                one = plan_resolve_app_sources(plan, &plan->apps[i], late ? reterr_message : NULL);
                r = late ? one : 0;
        }
        if (r < 0)
                return r;
        *ret = TAKE_PTR(plan);
        return 0;
}

/* "/…/layers/sha256-…/rootfs" → "sha256-…" */
static int add_layer_of_path(const char *path, char ***layers)
{
        const char *below = strstr(path, "/layers/");
        _cleanup_free_ char *name = NULL;

        if (!below)
                return 0;
        below += strlen("/layers/");
        name = strndup(below, strcspn(below, "/"));
        if (!name)
                return -ENOMEM;
        return strv_contains(*layers, name) ? 0 : strv_consume(layers, TAKE_PTR(name));
}

/* Reads the pod's own files, since its manifest may be damaged or not exist yet. */
static int add_layers_of_pod(const Pod *pod, char ***layers)
{
        _cleanup_strv_free_ char **apps = NULL;
        int r;

        r = list_directory_at(pod->fd, "apps", &apps);
        if (r < 0)
                return r;
        STRV_FOREACH(app, apps) {
                _cleanup_strv_free_ char **lowers = NULL;

                if (pod_app_lowers(pod, *app, &lowers) < 0)
                        continue;
                STRV_FOREACH(lower, lowers) {
                        r = add_layer_of_path(*lower, layers);
                        if (r < 0)
                                return r;
                }
        }
        return 0;
}

int pod_store_used_layers(PodStore *s, char ***ret)
{
        _cleanup_strv_free_ char **layers = new0(char *, 1);
        _cleanup_(pod_scan_freep) PodScan *scan = NULL;
        int r = layers ? pod_scan_new(s, &scan) : -ENOMEM;

        if (r < 0)
                return r;
        for (;;) {
                _cleanup_(pod_freep) Pod *pod = NULL;

                r = pod_scan_next(scan, &pod);
                if (r < 0)
                        return r;
                if (r == 0)
                        break;
                r = add_layers_of_pod(pod, &layers);
                if (r < 0)
                        return r;
        }

        *ret = TAKE_PTR(layers);
        return 0;
}

static int add_images_of_pod(const Pod *pod, char ***images)
{
        for (size_t i = 0; i < pod->manifest->n_apps; i++) {
                const char *id = strempty(pod->manifest->apps[i].image.id);

                if (!strv_contains(*images, id) && strv_extend(images, id) < 0)
                        return -ENOMEM;
        }
        return 0;
}

int pod_store_used_images(PodStore *s, char ***ret)
{
        _cleanup_strv_free_ char **images = new0(char *, 1);
        _cleanup_(pod_scan_freep) PodScan *scan = NULL;
        int r = images ? pod_scan_new(s, &scan) : -ENOMEM;

        if (r < 0)
                return r;
        for (;;) {
                _cleanup_(pod_freep) Pod *pod = NULL;

                r = pod_scan_next(scan, &pod);
                if (r < 0)
                        return r;
                if (r == 0)
                        break;
                if (pod_load(pod, NULL) < 0)
                        continue;
                r = add_images_of_pod(pod, &images);
                if (r < 0)
                        return r;
        }

        *ret = TAKE_PTR(images);
        return 0;
}

static int add_images_of_files(PodStore *s, ImageStore *store, char ***images, char ***ret_unread)
{
        _cleanup_strv_free_ char **needed = NULL;
        int r = pods_d_images(store, s->data, &needed, ret_unread);

        STRV_FOREACH(pair, needed) {
                _cleanup_free_ char *id = strndup(*pair, strcspn(*pair, "="));

                r = !id ? -ENOMEM : strv_contains(*images, id) ? 0 : strv_extend(images, id);
                if (r < 0)
                        return r;
        }
        return r;
}

int pod_store_needs(PodStore *s, ImageStore *store, char ***ret_layers, char ***ret_images, char ***ret_unread)
{
        _cleanup_strv_free_ char **layers = NULL, **images = NULL;
        int r = pod_store_used_layers(s, &layers);

        if (r >= 0)
                r = pod_store_used_images(s, &images);
        if (r >= 0)
                r = update_records_add_images(s->data, &images);
        if (r >= 0)
                r = add_images_of_files(s, store, &images, ret_unread);
        if (r < 0)
                return r;
        *ret_layers = TAKE_PTR(layers);
        *ret_images = TAKE_PTR(images);
        return 0;
}
