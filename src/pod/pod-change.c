/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/lock.h"
#include "basic/fs.h"
#include "manifest/ac-types.h"
#include "pod/pod-change.h"
#include "shared/explain.h"

/* Its lock is the pod's for changes. */
#define LOCK_FILE "changes"

int pod_change_begin(Pod *pod, int *ret_lock, char **reterr_message)
{
        _cleanup_close_ int lock = lock_file_at(pod->fd, LOCK_FILE, LOCK_EX);
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

static void forget_records(Pod *pod, const char *app)
{
        static const char *const prefixes[] = { "", ".health-", ".checks-", ".restarts-" };

        for (size_t i = 0; i < ELEMENTSOF(prefixes); i++) {
                _cleanup_free_ char *path = strjoin("status/", prefixes[i], app);

                if (path)
                        (void) unlinkat(pod->fd, path, 0);
        }
}

int pod_change_forget(Pod *pod, const char *app)
{
        _cleanup_free_ char *path = strjoin("apps/", app);
        int r = path ? forget_volumes(pod, app) : -ENOMEM;

        forget_records(pod, app);
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

int pod_change_mark_started(Pod *pod, const char *app)
{
        forget_records(pod, app);
        return mark(pod, app, "started");
}

bool pod_app_waits(const Pod *pod, const char *app)
{
        return pod_app_started_time(pod, app) == 0 && pod_started_time(pod) > 0;
}
