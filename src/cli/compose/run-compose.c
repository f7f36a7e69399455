/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <sys/stat.h>

#include "basic/log.h"
#include "basic/parse.h"
#include "basic/path.h"
#include "cli/compose/compose-app.h"
#include "cli/compose/compose-image-volumes.h"
#include "cli/compose/compose-isolators.h"
#include "cli/compose/compose-ports.h"
#include "cli/compose/compose-words.h"
#include "cli/compose/pod-manifest.h"
#include "cli/compose/run-compose.h"
#include "cli/compose/run-engine.h"
#include "cli/images/fetch-image.h"
#include "cli/persona.h"
#include "manifest/ac-types.h"
#include "manifest/appc-image.h"
#include "manifest/appc-strings.h"
#include "pod/image-volumes.h"
#include "pod/pod-prepare.h"
#include "pod/pods-d.h"

static int name_image(AppcPodApp *app, const Image *image, const char *name)
{
        const char *tag;
        _cleanup_free_ char *bare = NULL;
        char id[DIGEST_STRING_MAX];

        (void) (image->kind == IMAGE_APPC ? digest_format_file(&image->id, id) : digest_format(&image->id, id));
        if (free_and_strdup(&app->image.id, id) < 0)
                return log_oom();
        if (!name)
                return 0;

        tag = strrchr(name, ':');
        bare = tag && !strchr(tag, '/') ? strndup(name, (size_t) (tag - name)) : strdup(name);
        if (!bare)
                return log_oom();
        if (ac_identifier_sanitize(bare, &app->image.name) < 0)
                return 0;
        if (tag && !strchr(tag, '/') && strv_extendf(&app->image.labels, "version=%s", tag + 1) < 0)
                return log_oom();
        return 0;
}

/* The image of which the word may have been meant as an argument. */
static const char *before(const RunArgs *args, const RunApp *run)
{
        return run > args->apps && !run[-1].options.arguments ? run[-1].image : NULL;
}

static int name_app(const RunApp *run, const char *image_name, char **ret)
{
        if (!run->name)
                return ac_name_from_image_name(image_name ?: run->image, ret);
        *ret = strdup(run->name);
        return *ret ? 0 : -ENOMEM;
}

/* As images of others expect it. appc's apps share the processes of the pod. */
static int compose_pids(const RunArgs *args, const AppcPod *pod, const Image *image, AppcPodApp *app)
{
        const Engine *engine;
        int r = engine_wanted(args->stage1, pod, &engine);

        if (r < 0)
                return r;
        if (!engine->private_pids || image->kind == IMAGE_APPC || persona_is_rkt() ||
            strv_env_get(app->annotations, APPC_ANNOTATION_PIDS) ||
            strv_env_get(pod->annotations, APPC_ANNOTATION_PIDS))
                return 0;
        return strv_env_set(&app->annotations, APPC_ANNOTATION_PIDS, "private") < 0 ? log_oom() : 0;
}

static int compose_all(const RunArgs *args, const RunApp *run, const Image *image, AppcPod *pod, AppcPodApp *app)
{
        Tristate users;
        int r;

        r = compose_said(args, run, &app->options);
        if (r >= 0)
                r = private_users_wanted(args, pod, &users);
        if (r < 0)
                return r;
        r = compose_options(image, tristate_or(users, true), app);
        if (r >= 0)
                r = compose_around(args, run, pod, app);
        return r < 0 ? r : compose_pids(args, pod, image, app);
}

static int add_app(Context *context, const RunArgs *args, const RunApp *run, AppcPod *pod, Image **ret_image)
{
        _cleanup_(image_freep) Image *image = NULL;
        _cleanup_free_ char *name = NULL;
        const char *image_name;
        AppcPodApp *app;
        int r;

        r = fetch_or_find_image(context, &(ImageWish) {
                .text = run->image, .signature = run->signature, .policy = args->policy, .before = before(args, run),
        }, &image);
        if (r < 0)
                return r;
        image_name = image_display_name(image, run->image);

        r = name_app(run, image_name, &name);
        if (r == -ENOMEM)
                return log_oom();
        if (r < 0 || !ac_name_is_valid(name))
                return log_error_errno(EINVAL, "Image '%s': '%s' is not a valid app name: small letters, digits and "
                                       "'-'; use --name", run->image, strempty(name));
        r = appc_pod_add_app(pod, name, &app);
        if (r == -EEXIST)
                return log_error_errno(r, "There are multiple apps with name '%s'; use --name", name);
        if (r < 0)
                return log_oom();

        r = name_image(app, image, image_name);
        if (r < 0)
                return r;
        r = compose_all(args, run, image, pod, app);
        if (r < 0)
                return r;
        *ret_image = TAKE_PTR(image);
        return 0;
}

int run_compose_app(Context *context, const RunArgs *args, AppcPod *pod, Image **ret_image)
{
        int r = add_app(context, args, &args->apps[0], pod, ret_image);

        if (r < 0)
                return r;
        pod->apps[pod->n_apps - 1].options = app_options_free(pod->apps[pod->n_apps - 1].options);
        return compose_image_volumes_of_app(context, &pod->apps[pod->n_apps - 1], args->policy);
}

int run_compose_insecure(const Context *context, char *const *of_pod, AppcPodApp *app)
{
        const char *own = strv_env_get(app->annotations, APPC_ANNOTATION_INSECURE);
        _cleanup_strv_free_ char **given = NULL, **words = NULL;
        _cleanup_free_ char *value = NULL;
        int r = context_insecure_for_apps(context, &given);

        if (r >= 0 && !given)
                return 0;
        if (r >= 0)
                r = own ? strv_split(own, ',', &words) : strv_extend_strv(&words, of_pod);
        if (r >= 0)
                r = context_insecure_for_apps(context, &words);
        value = r >= 0 ? strv_join(words, ",") : NULL;
        return value && strv_env_set(&app->annotations, APPC_ANNOTATION_INSECURE, value) >= 0 ? 0 : log_oom();
}

/* The option, else the manifest's annotation. */
int private_users_wanted(const RunArgs *args, const AppcPod *manifest, Tristate *ret)
{
        const char *text = appc_pod_annotation(manifest, "podctl/private-users");
        int users = args->private_users < 0 && text ? parse_boolean(text) : args->private_users, r;
        const Engine *engine;

        if (users < 0 && text)
                return log_error_errno(EINVAL, "Annotation 'podctl/private-users' is yes or no, not '%s'", text);
        if (users < 0) {
                r = engine_wanted(args->stage1, manifest, &engine);
                if (r < 0)
                        return r;
                users = engine->private_users ? users : 0;
        }
        *ret = users < 0 ? TRISTATE_UNSET : users ? TRISTATE_YES : TRISTATE_NO;
        return 0;
}

/* A start has no directory of its own, and nobody who writes into a pipe. */
static int check_seccomp(const char *option)
{
        struct stat st;

        if (!option || !seccomp_is_file(option))
                return 0;
        if (!path_is_absolute(option))
                return log_error_errno(EINVAL, "Option --seccomp: '%s' is not an absolute path", option);
        if (stat(option, &st) >= 0 && !S_ISREG(st.st_mode))
                return log_error_errno(EINVAL, "Option --seccomp: %s is not a regular file", option);
        return 0;
}

/* The message names the app. */
static int find_image_of_app(Context *c, const AppcPodApp *app, Image **image)
{
        _cleanup_free_ char *message = NULL;
        ImageStore *store;
        int r = context_images(c, &store);

        if (r < 0 || *image)
                return r;
        r = pod_find_image(store, app, image, &message);
        return r < 0 ? log_error_errno(r, "%s", message ?: "Cannot find the image") : 0;
}

/* Applies the options that apps of a file have. */
static int apply_options(Context *c, const RunArgs *args, const AppcPod *pod, AppcPodApp *app, bool private_users,
                         Image **image)
{
        const char *file = args->manifest_shown ?: args->pod_manifest;
        _cleanup_free_ char *context = strprintf("%s: app '%s'", file, app->name);
        int r;

        if (!app->options)
                return 0;
        log_set_prefix(file);
        r = find_image_of_app(c, app, image);
        log_set_prefix(context);
        if (r >= 0)
                r = check_seccomp(app->options->seccomp);
        if (r >= 0)
                r = compose_options(*image, private_users, app);
        if (r >= 0)
                r = compose_pids(args, pod, *image, app);
        log_set_prefix(NULL);
        return r;
}

static int find_image_of_volume(Volume *v, void *userdata)
{
        ImageStore *store = userdata;
        Digest id;

        return image_volume_find_for_start(store, v, &id) >= 0 &&
                               free_and_strdup(&v->image_id, DIGEST_STRING(&id)) < 0
                       ? log_oom()
                       : 0;
}

/* Without fetching: what a start would find in the store. */
static int find_images(Context *c, const RunArgs *args, AppcPod *pod)
{
        _cleanup_(update_record_done) UpdateRecord record = {};
        ImageStore *store;
        const char *dir;
        int r;

        r = pod_manifest_check_ways(pod);
        if (r >= 0)
                r = context_directory(c, &dir);
        if (r >= 0)
                r = context_images(c, &store);
        /* The start reports a record that is damaged, and goes on as well. */
        if (r >= 0 && args->of_pods_d)
                (void) update_record_read(dir, args->name, &record, NULL);
        for (size_t i = 0; r >= 0 && i < pod->n_apps; i++) {
                AppcPodApp *app = &pod->apps[i];
                Digest id;

                if (strv_env_get(app->annotations, "podctl/image") &&
                    pods_d_find_image(store, &record, app, &id) >= 0 &&
                    free_and_strdup(&app->image.id, DIGEST_STRING(&id)) < 0)
                        return log_oom();
        }
        return r < 0 || !args->of_pods_d ? r : appc_pod_each_image(pod, find_image_of_volume, store);
}

static int complete_file(Context *c, const RunArgs *args, AppcPod *pod, Image **images)
{
        Tristate users;
        int r;

        r = args->check ? find_images(c, args, pod)
                        : pod_manifest_fetch(c, pod, args->of_pods_d ? args->name : NULL, images);
        if (r < 0)
                return r;
        r = private_users_wanted(args, pod, &users);
        for (size_t i = 0; r >= 0 && i < pod->n_apps; i++)
                r = apply_options(c, args, pod, &pod->apps[i], tristate_or(users, true), &images[i]);
        return r;
}

static int compose_words(Context *context, const RunArgs *args, AppcPod *pod, Image **images)
{
        int r = compose_words_of_pod(args, pod);

        if (r < 0)
                return r;
        for (size_t i = 0; i < args->n_apps; i++) {
                r = add_app(context, args, &args->apps[i], pod, &images[i]);
                if (r < 0)
                        return r;
        }
        r = compose_image_volumes(context, pod, args->policy, false);
        return r < 0 ? r : compose_ports(pod, args->ports);
}

static int compose(Context *c, const RunArgs *args, AppcPod *pod, size_t n, Image ***ret_images)
{
        Image **images = new0(Image *, MAX(n, 1U));
        int r;

        if (!images)
                return log_oom();
        r = args->pod_manifest ? complete_file(c, args, pod, images) : compose_words(c, args, pod, images);
        if (r < 0 || !ret_images)
                image_array_free(images, n);
        else
                *ret_images = images;
        return r;
}

int run_compose(Context *context, const RunArgs *args, AppcPod **ret, Image ***ret_images)
{
        _cleanup_(appc_pod_freep) AppcPod *pod = NULL;
        int r;

        if (!args->pod_manifest)
                pod = appc_pod_new();
        if (args->manifest)
                pod = TAKE_PTR(*args->manifest);
        r = pod ? 0 : args->pod_manifest ? pod_manifest_read(context, args->pod_manifest, args->manifest_shown, &pod)
                                         : log_oom();
        if (r >= 0)
                r = engine_take_default(context, args->stage1, pod);
        if (r < 0)
                return r;
        r = compose(context, args, pod, args->pod_manifest ? pod->n_apps : args->n_apps, ret_images);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(pod);
        return 0;
}
