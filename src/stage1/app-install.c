/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/fs.h"
#include "pod/pod-log-file.h"
#include "shared/explain.h"
#include "shared/mount-util.h"
#include "stage1/app-beside.h"
#include "stage1/app-install.h"
#include "stage1/app-launch.h"

/* Docker makes it if the image has none, and images count on that. A root that is already read-only keeps what it has,
 * and the start of the app reports the error. */
static int make_working_directory(const PlanApp *app, int root, uid_t base, char **reterr_message)
{
        const char *directory = app->app->app->working_directory ?: "/";
        _cleanup_close_ int fd = mkdir_in_root(root, directory, 0755, base);

        return fd >= 0 || fd == -EROFS ? 0
                                       : explain(reterr_message, fd,
                                                 "app '%s': %s cannot be its working directory: %s; see --working-dir",
                                                 app->app->name, directory, strerror(-fd));
}

int app_look_up(const PlanApp *app, const LateMounts *late, int root_fd, uid_t base, AppIdentity *ret,
                char **reterr_message)
{
        _cleanup_free_ char *path = strjoin(POD_STAGE2_DIR "/", app->app->name, "/rootfs");
        _cleanup_close_ int root = path ? open_in_root(root_fd, path, O_PATH | O_DIRECTORY) : -ENOMEM;
        int r = root;

        if (r >= 0)
                r = make_working_directory(app, root, base, reterr_message);
        if (r >= 0)
                r = late_mounts_of(late, app->app->name, &ret->binds);
        if (r >= 0)
                r = late_mounts_shared_of(late, app->app->name, &ret->shared);
        if (r >= 0)
                r = app_launch_check_binds(app, ret->binds, reterr_message);
        return r < 0 ? r : app_identify(app, root, base, ret, reterr_message);
}

int app_mount_socket(const PlanApp *app, const char *source, int userns_fd, const char *name, int root_fd, uid_t base)
{
        _cleanup_free_ char *path = strjoin(LAUNCH_POD_FILES "/", app->app->name, "/", name);
        _cleanup_close_ int socket = -EBADF, target = -EBADF;

        if (!path)
                return -ENOMEM;
        socket = mount_clone(AT_FDCWD, source, &(MountOptions) { .userns_fd = userns_fd, .data_only = true });
        if (socket < 0)
                return socket == -ENOENT ? 0 : socket;
        target = make_file_in_root(root_fd, path, 0600, 0700, base);
        return target < 0 ? target : mount_attach(socket, target);
}

/* Below what only root of the pod can read: not for apps, which could write there without end under any name. Everybody
 * may write to the socket itself (systemd-journald-dev-log.socket), so its owner need not be mapped; it could not be on
 * Linux before 6.3, whose tmpfs has no such mounts. */
int app_mount_journal(const PlanApp *app, int root_fd, uid_t base)
{
        if (!app_launch_wants_host_journal(app) && !app_is_accompanied(app))
                return 0;
        return app_mount_socket(app, "/run/systemd/journal/socket", -EBADF, LAUNCH_JOURNAL, root_fd, base);
}

/* For the same reasons. The program behind it has to be there already: pod/pod-log-file.h. */
int app_mount_log_file(const PodPlan *plan, const PlanApp *app, int root_fd, uid_t base)
{
        _cleanup_free_ char *source = NULL;

        if (!pod_log_file_path(app->app))
                return 0;
        source = pod_log_file_socket(plan->uuid, app->app->name);
        return source ? app_mount_socket(app, source, -EBADF, LAUNCH_LOG_FILE, root_fd, base) : -ENOMEM;
}
