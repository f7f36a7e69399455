/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "basic/log.h"
#include "basic/parse.h"
#include "basic/path.h"
#include "cli/compose/compose-environment.h"
#include "cli/compose/compose-health.h"
#include "cli/compose/compose-isolators.h"
#include "cli/compose/compose-mounts.h"
#include "cli/compose/compose-ports.h"
#include "cli/compose/compose-service.h"
#include "cli/compose/pods-d.h"
#include "cli/compose/run-compose.h"
#include "cli/images/fetch-image.h"
#include "manifest/ac-types.h"
#include "manifest/appc-image.h"
#include "manifest/appc-strings.h"
#include "manifest/oci-config.h"
#include "pod/image-demands.h"
#include "pod/plan-journal.h"

static int replace_words(char ***list, char *const *first, char *const *second)
{
        _cleanup_strv_free_ char **words = strv_copy(first);

        if (!words || strv_extend_strv(&words, second) < 0)
                return log_oom();
        strv_free(*list);
        *list = TAKE_PTR(words);
        return 0;
}

static int compose_exec(const RunApp *run, const Image *image, App *app)
{
        _cleanup_(oci_config_freep) OciConfig *config = NULL;
        char *const exec[] = { run->exec, NULL };

        if (run->exec && !*run->exec)
                return log_error_errno(EINVAL, "Option --exec takes a program, not ''");
        if (run->exec)
                return replace_words(&app->exec, exec, run->arguments);
        if (strv_length(run->arguments) == 0)
                return 0;

        if (image->kind != IMAGE_APPC &&
            oci_config_parse(image->config, image->config_size, &config, NULL) >= 0)
                return replace_words(&app->exec, config->config.entrypoint, run->arguments);
        return replace_words(&app->exec, app->exec, run->arguments);
}

static int compose_groups(const RunApp *run, App *app)
{
        size_t n = strv_length(run->supplementary_gids);
        uint32_t *gids;

        if (n == 0)
                return 0;
        gids = new0(uint32_t, n);
        if (!gids)
                return log_oom();

        for (size_t i = 0; i < n; i++)
                if (parse_uint32(run->supplementary_gids[i], &gids[i]) < 0) {
                        free(gids);
                        return log_error_errno(EINVAL, "Option --supplementary-gids takes numbers, not '%s'",
                                               run->supplementary_gids[i]);
                }
        free(app->supplementary_gids);
        app->supplementary_gids = gids;
        app->n_supplementary_gids = n;
        return 0;
}

static int add_pairs(char ***list, char *const *pairs, const char *option)
{
        STRV_FOREACH(pair, pairs) {
                if (**pair == '=' || !strchr(*pair, '='))
                        return log_error_errno(EINVAL, "Option --%s takes NAME=VALUE, not '%s'", option, *pair);
                if (strv_extend(list, *pair) < 0)
                        return log_oom();
        }
        return 0;
}

/* Kept as annotations of the app, in the same way as in a manifest. */
static int compose_order(const RunApp *run, AppcPodApp *app)
{
        _cleanup_free_ char *after = run->after ? strv_join(run->after, ",") : NULL,
                            *requires = run->requires ? strv_join(run->requires, ",") : NULL;
        const struct {
                const char *name, *value;
        } rows[] = {
                { APPC_ANNOTATION_AFTER, after },
                { APPC_ANNOTATION_REQUIRES, requires },
                { APPC_ANNOTATION_RESTART, run->restart },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++)
                if (rows[i].value && strv_env_set(&app->annotations, rows[i].name, rows[i].value) < 0)
                        return log_oom();
        return 0;
}

/* With another user but no group, the group is that user's own. If the image does not list the user, it is 0, or the
 * one of an appc image. */
static int compose_group(const RunApp *run, const Image *image, App *app)
{
        if (!run->user && !run->group)
                return 0;
        app->group_from_user = !run->group;
        if (run->group || image->kind == IMAGE_APPC)
                return 0;
        return free_and_strdup(&app->group, "0") < 0 ? log_oom() : 0;
}

static int compose_app(const RunArgs *args, const RunApp *run, const Image *image, AppcPodApp *pod_app)
{
        const struct {
                const char *value;
                char **field;
        } strings[] = {
                { run->user, &pod_app->app->user },
                { run->group, &pod_app->app->group },
                { run->working_dir, &pod_app->app->working_directory },
        };
        int r;

        for (size_t i = 0; i < ELEMENTSOF(strings); i++)
                if (strings[i].value && free_and_strdup(strings[i].field, strings[i].value) < 0)
                        return log_oom();
        if (run->working_dir && !path_is_absolute(run->working_dir))
                return log_error_errno(EINVAL, "Option --working-dir takes an absolute path, not '%s'",
                                       run->working_dir);

        r = compose_group(run, image, pod_app->app);
        if (r < 0)
                return r;
        r = compose_exec(run, image, pod_app->app);
        if (r < 0)
                return r;
        r = compose_environment(args, run, pod_app->app);
        if (r < 0)
                return r;
        r = compose_groups(run, pod_app->app);
        if (r < 0)
                return r;
        r = compose_isolators(run, pod_app->app);
        if (r < 0)
                return r;
        r = compose_stop(run, pod_app->app);
        if (r < 0)
                return r;
        r = compose_health(run, pod_app);
        if (r < 0)
                return r;

        r = compose_order(run, pod_app);
        if (r < 0)
                return r;
        pod_app->read_only_rootfs = run->readonly_rootfs;
        r = add_pairs(&pod_app->annotations, run->annotations, "annotation");
        if (r < 0)
                return r;
        r = add_pairs(&pod_app->app->user_annotations, run->user_annotations, "user-annotation");
        return r < 0 ? r : add_pairs(&pod_app->app->user_labels, run->user_labels, "user-label");
}

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

/* For an appc image without an app: like rkt, runs the program of --exec as root. */
static int app_of_root(App **ret)
{
        _cleanup_(app_freep) App *app = app_new();

        if (!app || free_and_strdup(&app->user, "0") < 0 || free_and_strdup(&app->group, "0") < 0)
                return -ENOMEM;
        *ret = TAKE_PTR(app);
        return 0;
}

/* The image of which the word may have been meant as an argument. */
static const char *before(const RunArgs *args, const RunApp *run)
{
        return run > args->apps && !run[-1].arguments ? run[-1].image : NULL;
}

static int compose_demands(const RunArgs *args, const RunApp *run, AppcPodApp *app)
{
        _cleanup_strv_free_ char **warnings = NULL;

        if (args->private_users != 0 || run->caps_retain || run->caps_remove)
                return 0;
        if (image_demands_bound(app->name, app->app, &warnings) < 0)
                return log_oom();
        STRV_FOREACH(warning, warnings)
                log_warning("%s", *warning);
        return 0;
}

static int name_app(const RunApp *run, const char *image_name, char **ret)
{
        if (!run->name)
                return ac_name_from_image_name(image_name ?: run->image, ret);
        *ret = strdup(run->name);
        return *ret ? 0 : -ENOMEM;
}

static int compose_all(const RunArgs *args, const RunApp *run, const Image *image, AppcPod *pod, AppcPodApp *app)
{
        int r;

        r = compose_demands(args, run, app);
        if (r < 0)
                return r;
        r = compose_app(args, run, image, app);
        if (r < 0)
                return r;
        r = compose_mounts(pod, app, run->mounts);
        if (r < 0)
                return r;
        r = compose_devices(app, run->devices);
        if (r < 0)
                return r;
        r = compose_mounts(pod, app, args->mounts);
        if (r < 0)
                return r;
        r = compose_credentials(args, run, app);
        if (r < 0)
                return r;
        return compose_sockets(run, app);
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

        r = image->app ? app_copy(image->app, &app->app) : app_of_root(&app->app);
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

/* Kept as annotations of the pod, in the same way as in a manifest. */
static int add_journal_limits(AppcPod *pod, const RunArgs *args)
{
        uint64_t bytes, usec;

        if (args->journal_size && plan_journal_size(args->journal_size, &bytes) < 0)
                return log_error_errno(EINVAL,
                                       "Option --journal-size takes a size of 1M or more, as 64M or 1G, not '%s'",
                                       args->journal_size);
        if (args->journal_age && plan_journal_age(args->journal_age, &usec) < 0)
                return log_error_errno(EINVAL, "Option --journal-age takes a time, as 12h or 30d, not '%s'",
                                       args->journal_age);
        if ((args->journal_size && strv_env_set(&pod->annotations, "podctl/journal-size", args->journal_size) < 0) ||
            (args->journal_age && strv_env_set(&pod->annotations, "podctl/journal-age", args->journal_age) < 0))
                return log_oom();
        return 0;
}

static int compose_file(Context *context, const RunArgs *args, AppcPod **ret)
{
        _cleanup_(appc_pod_freep) AppcPod *pod = NULL;
        int r;

        r = pod_manifest_read(args->pod_manifest, &pod, NULL);
        if (r < 0)
                return r;
        r = args->check ? pod_manifest_check_ways(pod)
                        : pod_manifest_fetch(context, pod, args->of_pods_d ? args->name : NULL);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(pod);
        return 0;
}

static int compose_words(Context *context, const RunArgs *args, AppcPod *pod, Image **images)
{
        int r;

        r = add_pairs(&pod->annotations, args->annotations, "annotation");
        if (r < 0)
                return r;
        r = add_pairs(&pod->user_annotations, args->user_annotations, "user-annotation");
        if (r < 0)
                return r;
        r = add_pairs(&pod->user_labels, args->user_labels, "user-label");
        if (r < 0)
                return r;
        r = add_journal_limits(pod, args);
        if (r < 0)
                return r;
        r = compose_volumes(pod, args->volumes);
        if (r < 0)
                return r;
        for (size_t i = 0; i < args->n_apps; i++) {
                r = add_app(context, args, &args->apps[i], pod, &images[i]);
                if (r < 0)
                        return r;
        }
        return compose_ports(pod, args->ports);
}

int run_compose(Context *context, const RunArgs *args, AppcPod **ret, Image ***ret_images)
{
        _cleanup_(appc_pod_freep) AppcPod *pod = NULL;
        Image **images;
        int r;

        if (args->pod_manifest)
                return compose_file(context, args, ret);
        pod = appc_pod_new();
        images = new0(Image *, args->n_apps);
        if (!pod || !images) {
                free(images);
                return log_oom();
        }
        r = compose_words(context, args, pod, images);
        if (r < 0 || !ret_images)
                images = image_array_free(images, args->n_apps);
        if (r < 0)
                return r;
        if (ret_images)
                *ret_images = images;
        *ret = TAKE_PTR(pod);
        return 0;
}
