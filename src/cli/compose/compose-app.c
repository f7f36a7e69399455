/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/log.h"
#include "basic/parse.h"
#include "basic/path.h"
#include "cli/compose/compose-app.h"
#include "cli/compose/compose-environment.h"
#include "cli/compose/compose-health.h"
#include "cli/compose/compose-isolators.h"
#include "cli/compose/compose-service.h"
#include "manifest/oci-config.h"
#include "pod/image-demands.h"

static int replace_words(char ***list, char *const *first, char *const *second)
{
        _cleanup_strv_free_ char **words = strv_copy(first);

        if (!words || strv_extend_strv(&words, second) < 0)
                return log_oom();
        strv_free(*list);
        *list = TAKE_PTR(words);
        return 0;
}

static int compose_exec(const AppOptions *said, const Image *image, App *app)
{
        _cleanup_(oci_config_freep) OciConfig *config = NULL;
        char *const exec[] = { said->exec, NULL };

        if (said->exec && !*said->exec)
                return log_error_errno(EINVAL, "Option --exec takes a program, not ''");
        if (said->exec)
                return replace_words(&app->exec, exec, said->arguments);
        if (strv_length(said->arguments) == 0)
                return 0;

        if (image->kind != IMAGE_APPC &&
            oci_config_parse(image->config, image->config_size, &config, NULL) >= 0)
                return replace_words(&app->exec, config->config.entrypoint, said->arguments);
        return replace_words(&app->exec, app->exec, said->arguments);
}

static int compose_groups(const AppOptions *said, App *app)
{
        size_t n = strv_length(said->supplementary_gids);
        uint32_t *gids;

        if (n == 0)
                return 0;
        gids = new0(uint32_t, n);
        if (!gids)
                return log_oom();

        for (size_t i = 0; i < n; i++)
                if (parse_uint32(said->supplementary_gids[i], &gids[i]) < 0) {
                        free(gids);
                        return log_error_errno(EINVAL, "Option --supplementary-gids takes numbers, not '%s'",
                                               said->supplementary_gids[i]);
                }
        free(app->supplementary_gids);
        app->supplementary_gids = gids;
        app->n_supplementary_gids = n;
        return 0;
}

int compose_pairs(char ***list, char *const *pairs, const char *option)
{
        STRV_FOREACH(pair, pairs) {
                if (**pair == '=' || !strchr(*pair, '='))
                        return log_error_errno(EINVAL, "Option --%s takes NAME=VALUE, not '%s'", option, *pair);
                if (strv_extend(list, *pair) < 0)
                        return log_oom();
        }
        return 0;
}

/* With another user but no group, the group is that user's own. If the image does not list the user, it is 0, or the
 * one of an appc image. */
static int compose_group(const AppOptions *said, const Image *image, App *app)
{
        if (!said->user && !said->group)
                return 0;
        app->group_from_user = !said->group;
        if (said->group || image->kind == IMAGE_APPC)
                return 0;
        return free_and_strdup(&app->group, "0") < 0 ? log_oom() : 0;
}

static int compose_strings(const AppOptions *said, App *app)
{
        const struct {
                const char *value;
                char **field;
        } strings[] = {
                { said->user, &app->user },
                { said->group, &app->group },
                { said->working_dir, &app->working_directory },
        };

        if (said->working_dir && !path_is_absolute(said->working_dir))
                return log_error_errno(EINVAL, "Option --working-dir takes an absolute path, not '%s'",
                                       said->working_dir);
        for (size_t i = 0; i < ELEMENTSOF(strings); i++)
                if (strings[i].value && free_and_strdup(strings[i].field, strings[i].value) < 0)
                        return log_oom();
        return 0;
}

static int apply(const AppOptions *said, const Image *image, AppcPodApp *app)
{
        int r;

        r = compose_strings(said, app->app);
        if (r < 0)
                return r;
        r = compose_group(said, image, app->app);
        if (r < 0)
                return r;
        r = compose_exec(said, image, app->app);
        if (r < 0)
                return r;
        r = compose_environment(said, app->app);
        if (r < 0)
                return r;
        r = compose_groups(said, app->app);
        if (r < 0)
                return r;
        r = compose_isolators(said, app->app);
        if (r < 0)
                return r;
        r = compose_stop(said, app->app);
        if (r < 0)
                return r;
        r = compose_checks(said, app);
        if (r < 0)
                return r;
        r = compose_sockets(said, app);
        if (r < 0)
                return r;
        r = compose_pairs(&app->app->user_annotations, said->user_annotations, "user-annotation");
        return r < 0 ? r : compose_pairs(&app->app->user_labels, said->user_labels, "user-label");
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

static int bound_demands(const AppOptions *said, AppcPodApp *app)
{
        _cleanup_strv_free_ char **warnings = NULL;

        if (said->caps_retain || said->caps_remove)
                return 0;
        if (image_demands_bound(app->name, app->app, &warnings) < 0)
                return log_oom();
        STRV_FOREACH(warning, warnings)
                log_warning("%s", *warning);
        return 0;
}

static int take_app(const AppOptions *said, const Image *image, bool private_users, AppcPodApp *app)
{
        int r = image->app ? app_copy(image->app, &app->app) : app_of_root(&app->app);

        if (r < 0)
                return log_oom();
        return private_users ? 0 : bound_demands(said, app);
}

int compose_options(const Image *image, bool private_users, AppcPodApp *app)
{
        int r = app->app ? 0 : take_app(app->options, image, private_users, app);

        return r < 0 ? r : apply(app->options, image, app);
}
