/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/fd.h"
#include "basic/log.h"
#include "basic/parse.h"
#include "basic/path.h"
#include "cli/compose/compose-mounts.h"
#include "foreign/draft/pod-draft.h"
#include "manifest/appc-strings.h"

/* 1: the list has it twice. Where the app has something from before, that stays. */
static int see_path(char ***seen, const char *path)
{
        char *clean = NULL;
        int r = path_clean(path, &clean);

        if (r < 0)
                return r;
        if (!strv_contains(*seen, clean))
                return strv_consume(seen, clean);
        free(clean);
        return 1;
}

int compose_mounts(AppcPod *pod, AppcPodApp *app, char *const *texts)
{
        _cleanup_strv_free_ char **seen = NULL;

        STRV_FOREACH(text, texts) {
                _cleanup_(mount_done) Mount mount = {};
                _cleanup_json_error_ JsonError e = {};
                int r;

                r = mount_from_string(*text, &mount, &e);
                if (r < 0)
                        return log_error_errno(
                                r,
                                "Option --mount: %s; write --mount=volume=NAME,target=PATH, and --volume for "
                                "the volume",
                                json_error_message(&e, r));
                if (!appc_pod_find_volume(pod, mount.volume))
                        return log_error_errno(EINVAL,
                                               "Option --mount: there is no volume '%s'; declare it with --volume, or "
                                               "with --mnt-volume of podctl app add",
                                               mount.volume);
                r = see_path(&seen, mount.path);
                if (r < 0)
                        return log_oom();
                if (r > 0)
                        return log_error_errno(EINVAL, "Option --mount: there are two volumes at '%s'", mount.path);
                if (appc_pod_app_has_mount(app, mount.path))
                        continue;
                if (appc_pod_app_add_mount(app, &mount) < 0)
                        return log_oom();
        }
        return 0;
}

/* rkt's form of a volume and its mount in one. */
int compose_own_volumes(AppcPodApp *app, char *const *texts)
{
        STRV_FOREACH(text, texts) {
                _cleanup_(mount_done) Mount mount = {};
                _cleanup_json_error_ JsonError e = {};
                int r = app_volume_from_string(*text, &mount, &e);

                if (r < 0)
                        return log_error_errno(r, "Option --mnt-volume: %s; write name=NAME,kind=host,source=PATH,"
                                               "target=PATH", json_error_message(&e, r));
                if (appc_pod_app_has_mount(app, mount.path))
                        return log_error_errno(EINVAL, "Option --mnt-volume: something is mounted at '%s' already",
                                               mount.path);
                if (appc_pod_app_add_mount(app, &mount) < 0)
                        return log_oom();
        }
        return 0;
}

/* PATH[:TARGET][:ACCESS]; a part that does not begin with a slash is the access. */
static int split_device(const char *text, char **ret_source, char **ret_target, char **ret_access)
{
        _cleanup_strv_free_ char **words = NULL;
        size_t n;

        if (strv_split(text, ':', &words) < 0)
                return -ENOMEM;
        n = strv_length(words);
        if (n < 1 || n > 3 || !path_is_absolute(words[0]) || (n == 3 && !path_is_absolute(words[1])))
                return -EINVAL;
        *ret_source = strdup(words[0]);
        *ret_target = strdup(n > 1 && path_is_absolute(words[1]) ? words[1] : words[0]);
        *ret_access = strdup(n > 1 && !path_is_absolute(words[n - 1]) ? words[n - 1] : "rwm");
        return *ret_source && *ret_target && *ret_access ? 0 : -ENOMEM;
}

/* Makes a mount with a volume of its own, by way of JSON, so that the manifest's rules apply. */
static int device_mount(const char *text, size_t n, Mount *ret, JsonError *e)
{
        _cleanup_json_object_ json_object *o = json_object_new_object();
        _cleanup_free_ char *source = NULL, *target = NULL, *access = NULL, *name = strprintf("device-%zu", n);
        json_object *volume = json_object_new_object();
        int r;

        (void) json_object_object_add(o, "appVolume", volume);
        r = split_device(text, &source, &target, &access);
        if (r == -EINVAL)
                return json_error_set(e, r, NULL, "expected PATH[:TARGET][:rwm], not '%s'", text);
        if (r < 0 || !name)
                return -ENOMEM;
        (void) json_object_object_add(volume, "name", json_object_new_string(name));
        (void) json_object_object_add(volume, "kind", json_object_new_string("host"));
        (void) json_object_object_add(volume, "source", json_object_new_string(source));
        (void) json_object_object_add(volume, "deviceAccess", json_object_new_string(access));
        (void) json_object_object_add(o, "volume", json_object_new_string(name));
        (void) json_object_object_add(o, "path", json_object_new_string(target));
        return mount_read(o, ret, e);
}

int compose_devices(AppcPodApp *app, char *const *texts)
{
        size_t n = 0;

        STRV_FOREACH(text, texts) {
                _cleanup_(mount_done) Mount mount = {};
                _cleanup_json_error_ JsonError e = {};
                int r;

                r = device_mount(*text, n++, &mount, &e);
                if (r < 0)
                        return log_error_errno(r, "Option --device: %s", json_error_message(&e, r));
                if (appc_pod_app_has_mount(app, mount.path))
                        return log_error_errno(EINVAL, "Option --device: something is mounted at '%s' already",
                                               mount.path);
                if (appc_pod_app_add_mount(app, &mount) < 0)
                        return log_oom();
        }
        return 0;
}

int compose_volumes(AppcPod *pod, char *const *texts)
{
        STRV_FOREACH(text, texts) {
                _cleanup_(volume_done) Volume volume = {};
                _cleanup_json_error_ JsonError e = {};
                int r;

                r = volume_from_string(*text, &volume, &e);
                if (r < 0)
                        return log_error_errno(r, "Option --volume: %s; write NAME,kind=host,source=PATH, and "
                                               "--mount=volume=NAME,target=PATH", json_error_message(&e, r));
                if (volume.source && !volume.create && !volume.create_file &&
                    !pod_draft_is_file(volume.source) && access(volume.source, F_OK) < 0)
                        return log_error_errno(errno, "Option --volume: volume '%s': source %s: %m", volume.name,
                                               volume.source);
                r = appc_pod_add_volume(pod, &volume);
                if (r == -EEXIST)
                        return log_error_errno(r, "Option --volume: there are two volumes '%s'", volume.name);
                if (r < 0)
                        return log_oom();
        }
        return 0;
}
