/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/lock.h"
#include "basic/fs.h"
#include "inside/app-status.h"
#include "manifest/ac-types.h"
#include "pod/engine.h"
#include "pod/image-volumes.h"
#include "pod/pod-change.h"
#include "pod/pod-prepare.h"
#include "shared/explain.h"

/* Its lock is the pod's for changes. */
#define LOCK_FILE "changes"

int pod_change_lock(const Pod *pod)
{
        return lock_file_at(pod->fd, LOCK_FILE, LOCK_EX);
}

int pod_change_begin(Pod *pod, int *ret_lock, char **reterr_message)
{
        _cleanup_close_ int lock = pod_change_lock(pod);
        int r = lock < 0 ? lock : pod_refresh(pod);

        if (r < 0)
                return r;
        pod->manifest = appc_pod_free(pod->manifest);
        r = pod_load(pod, reterr_message);
        if (r < 0)
                return r;
        if (pod->state != POD_RUNNING)
                return explain(reterr_message, ESRCH, "pod '%s' does not run; it is %s", pod->settings->name,
                               pod_state_to_string(pod->state));
        if (!engine_of(pod->settings)->has_init)
                return explain(reterr_message, EROFS,
                               "pod '%s' runs a single app on the host itself, and none can be added to it; use a pod "
                               "without --stage1=fly", pod->settings->name);
        if (!appc_pod_is_mutable(pod->manifest))
                return explain(reterr_message, EROFS,
                               "pod '%s' is not mutable; make it with 'podctl app sandbox', or 'podctl run --mutable'",
                               pod->settings->name);
        *ret_lock = TAKE_FD(lock);
        return 0;
}

int pod_change_leftovers(const Pod *pod, char ***ret)
{
        _cleanup_strv_free_ char **names = NULL, **left = new0(char *, 1);
        int r = left ? list_directory_at(pod->fd, "apps", &names) : -ENOMEM;

        if (r < 0)
                return r;
        STRV_FOREACH(name, names)
                if (ac_name_is_valid(*name) && !appc_pod_find_app(pod->manifest, *name) &&
                    strv_extend(&left, *name) < 0)
                        return -ENOMEM;
        *ret = TAKE_PTR(left);
        return 0;
}

/* Empty volumes of its own are named after it (plan-mounts.c): "APP.VOLUME", and "APP-POINT" where the manifest does
 * not have them any more. */
static int forget_volumes(Pod *pod, const char *app)
{
        _cleanup_strv_free_ char **names = NULL;
        int r = list_directory_at(pod->fd, "volumes", &names);

        STRV_FOREACH(name, names) {
                const char *rest = startswith(*name, app);
                _cleanup_free_ char *path = NULL;

                if (r < 0 || !rest || !(*rest == '.' || (*rest == '-' && !appc_pod_find_volume(pod->manifest, *name))))
                        continue;
                path = strjoin("volumes/", *name);
                r = path ? rm_rf_at(pod->fd, path) : -ENOMEM;
        }
        return r;
}

/* A name with '~' is that of a write that was cut off. */
static void forget_records(Pod *pod, const char *app)
{
        static const char *const prefixes[] = { "", ".health-", ".checks-", STATUS_RESTARTS_PREFIX,
                                                STATUS_RUN_PREFIX, STATUS_READY_PREFIX, STATUS_REASON_PREFIX,
                                                STATUS_ROOM_PREFIX };

        for (size_t i = 0; i < ELEMENTSOF(prefixes); i++) {
                _cleanup_free_ char *path = strjoin("status/", prefixes[i], app),
                                    *temporary = path ? strjoin(path, "~") : NULL;

                if (path)
                        (void) unlinkat(pod->fd, path, 0);
                if (temporary)
                        (void) unlinkat(pod->fd, temporary, 0);
        }
}

int pod_change_forget(Pod *pod, const char *app)
{
        _cleanup_free_ char *path = strjoin("apps/", app);
        int r = path ? forget_volumes(pod, app) : -ENOMEM;

        forget_records(pod, app);
        if (r >= 0)
                r = image_volumes_forget(pod);
        /* The last: as long as it is there, the app is known to be left behind. */
        return r < 0 ? r : rm_rf_at(pod->fd, path);
}

static int mark(Pod *pod, const char *app, const char *name)
{
        _cleanup_free_ char *path = strjoin("apps/", app, "/", name);

        return path ? write_string_at(pod->fd, path, "", 0644) : -ENOMEM;
}

int pod_change_mark_late(Pod *pod, const char *app)
{
        return mark(pod, app, "late");
}

bool pod_app_is_late(const Pod *pod, const char *app)
{
        _cleanup_free_ char *path = strjoin("apps/", app, "/late");

        return path && faccessat(pod->fd, path, F_OK, 0) >= 0;
}

/* The pod itself writes that directory: what it may have put there is not opened. */
static int make_status_file(const Pod *pod, const char *prefix, const char *app)
{
        _cleanup_free_ char *path = strjoin("status/", prefix, app);
        int fd = path ? openat(pod->fd, path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644) : -EBADF;

        return !path ? -ENOMEM : fd < 0 ? -errno : fd;
}

static int make_room_for_record(const Pod *pod, const char *app)
{
        _cleanup_close_ int fd = make_status_file(pod, STATUS_ROOM_PREFIX, app);

        return fd < 0 ? fd : -posix_fallocate(fd, 0, STATUS_ROOM_SIZE);
}

int pod_change_mark_started(Pod *pod, const char *app, int *ret_lock)
{
        _cleanup_close_ int lock = -EBADF;
        int r;

        forget_records(pod, app);
        lock = make_status_file(pod, STATUS_REASON_PREFIX, app);
        r = lock < 0 ? lock : fd_lock(lock, LOCK_EX | LOCK_NB);
        if (r >= 0)
                r = make_room_for_record(pod, app);
        if (r >= 0)
                r = mark(pod, app, "started");
        if (r < 0) {
                pod_change_mark_waiting(pod, app);
                return r;
        }
        *ret_lock = TAKE_FD(lock);
        return 0;
}

void pod_change_mark_waiting(Pod *pod, const char *app)
{
        _cleanup_free_ char *path = strjoin("apps/", app, "/started");

        if (path)
                (void) unlinkat(pod->fd, path, 0);
}

bool pod_app_waits(const Pod *pod, const char *app)
{
        return pod_app_started_time(pod, app) == 0 && pod_started_time(pod) > 0;
}

static int replace_manifest(Pod *pod, const char *app)
{
        AppcPod *without = NULL;
        int r = appc_pod_without_app(pod->manifest, app, &without);

        if (r < 0)
                return r;
        appc_pod_free(pod->manifest);
        pod->manifest = without;
        return pod_write_manifest(pod);
}

int pod_change_remove_ended(Pod *pod, const char *app, char **reterr_message)
{
        _cleanup_close_ int lock = lock_file_at(pod->fd, LOCK_FILE, LOCK_EX);
        _cleanup_free_ char *name = strdup(app); /* it may be the manifest's */
        int r = !name ? -ENOMEM : lock < 0 ? lock : pod_refresh(pod);

        if (r < 0)
                return r;
        if (!pod_state_is_over(pod->state))
                return explain(reterr_message, EBUSY, "pod '%s' is %s", pod->settings->name,
                               pod_state_to_string(pod->state));
        pod->manifest = appc_pod_free(pod->manifest);
        r = pod_load(pod, reterr_message);
        if (r >= 0)
                r = appc_pod_find_app(pod->manifest, name) ? replace_manifest(pod, name) : -ENOENT;
        return r < 0 ? r : pod_change_forget(pod, name);
}
