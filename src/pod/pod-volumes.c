/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/path.h"
#include "pod/pod-volumes.h"
#include "shared/explain.h"

static int add_empty(AppcPod *pod, const AppcPodApp *app, const MountPoint *point, bool fill, Mount *mount,
                     char ***warnings, char **reterr_message)
{
        _cleanup_(volume_done) Volume volume = { .kind = VOLUME_EMPTY, .mode = 0755, .from_image = fill };
        int r;

        volume.name = strjoin(app->name, "-", point->name);
        mount->volume = volume.name ? strdup(volume.name) : NULL;
        if (!mount->volume)
                return -ENOMEM;
        r = appc_pod_add_volume(pod, &volume);
        if (r == -EEXIST)
                return explain(reterr_message, EEXIST,
                               "app '%s': mount point '%s' needs an empty volume '%s', and there is "
                               "another of that name; use --mount",
                               app->name, point->name, mount->volume);
        if (r < 0)
                return r;
        return strv_extendf(warnings,
                            "App '%s': no volume for mount point '%s', using an empty one%s, which ends with the pod; "
                            "--volume=%s,kind=named keeps it",
                            app->name, point->name, fill ? " with what the image has there" : "", point->name);
}

bool pod_place_is_reserved(const char *path)
{
        static const char *const places[] = { "/dev", "/proc", "/sys", "/run/credentials", "/run/host", "/run/podctl",
                                              "/run/systemd" };

        for (size_t i = 0; i < ELEMENTSOF(places); i++)
                if (path_is_at_or_below(path, places[i]))
                        return true;
        return streq(path, "/");
}

bool pod_volume_is_implied(const AppcPodApp *app, const Mount *mount, const Volume *volume)
{
        const char *point = startswith(volume->name, app->name);

        return volume->kind == VOLUME_EMPTY && point && *point == '-' && app->app &&
               app_find_mount_point(app->app, point + 1) &&
               streq(app_find_mount_point(app->app, point + 1)->path, mount->path);
}

/* Images may declare a volume anywhere; at these places there is nothing to keep. */
static bool is_left_alone(const AppcPodApp *app, const MountPoint *point)
{
        _cleanup_free_ char *path = NULL;

        return path_clean(point->path, &path) >= 0 &&
               (pod_place_is_reserved(path) || (app->n_credentials > 0 && path_is_at_or_below(path, "/run/secrets")));
}

int pod_imply_volumes(AppcPod *pod, AppcPodApp *app, bool fill, char ***warnings, char **reterr_message)
{
        for (size_t i = 0; app->app && i < app->app->n_mount_points; i++) {
                const MountPoint *point = &app->app->mount_points[i];
                _cleanup_(mount_done) Mount mount = {};
                int r;

                if (appc_pod_app_has_mount(app, point->path))
                        continue;
                if (!appc_pod_find_volume(pod, point->name) && is_left_alone(app, point)) {
                        r = strv_extendf(warnings, "App '%s': mount point '%s' is %s, where no image gets a volume",
                                         app->name, point->name, point->path);
                        if (r < 0)
                                return r;
                        continue;
                }
                mount.path = strdup(point->path);
                if (!mount.path)
                        return -ENOMEM;
                if (appc_pod_find_volume(pod, point->name))
                        r = (mount.volume = strdup(point->name)) ? 0 : -ENOMEM;
                else
                        r = add_empty(pod, app, point, fill, &mount, warnings, reterr_message);
                if (r < 0)
                        return r;
                r = appc_pod_app_add_mount(app, &mount);
                if (r < 0)
                        return r;
        }
        return 0;
}
