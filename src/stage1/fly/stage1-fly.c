/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <linux/close_range.h>
#include <sys/mount.h>

#include "basic/fs.h"
#include "basic/path.h"
#include "config.h"
#include "inside/launch-places.h"
#include "pod/pod-addresses.h"
#include "pod/pod-etc.h"
#include "pod/pod-process.h"
#include "shared/explain.h"
#include "shared/json-foreign.h"
#include "shared/mount-util.h"
#include "stage1/app-install.h"
#include "stage1/app-launch.h"
#include "stage1/app-mounts.h"
#include "stage1/fly/fly-hold.h"
#include "stage1/fly/fly-root.h"
#include "stage1/pod-credentials.h"
#include "stage1/pod-limits.h"
#include "stage1/stage1.h"

/* The pod as a service of the host's systemd: the process that systemd started makes the app's root in a mount
 * namespace of its own, where it and all its mounts end with the app, and becomes the app there. All other namespaces
 * are the host's. */

/* A tmpfs is mounted here, differently for each pod. */
#define WORK_DIRECTORY "/run/podctl/stage1"
#define ROOT_DIRECTORY WORK_DIRECTORY "/root"
#define CREDENTIALS WORK_DIRECTORY "/credentials"
#define LAUNCHER LAUNCH_BIN "/" LAUNCH_PROGRAM
#define MANAGER_SOCKET "/run/systemd/notify"
#define LAUNCH_NOTIFY "notify"

typedef struct Launch {
        Pod *pod;
        PodPlan *plan;
        const PlanApp *app;
        MountContext context;
        AppIdentity identity;
        int root_fd; /* the app's */
        int holder;  /* see fly-hold.h */
} Launch;

static void launch_done(Launch *l)
{
        fly_let_go(l->holder);
        safe_close(l->holder);
        app_identity_done(&l->identity);
        late_mounts_done(&l->context.late);
        safe_close(l->context.root_fd);
        safe_close(l->context.scratch_fd);
        safe_close(l->context.host_mounts_fd);
        safe_close(l->root_fd);
}

static int launch_find_addresses(Launch *l, char **reterr_message)
{
        _cleanup_strv_free_ char **host = NULL;
        int r = pod_addresses_are_wanted(l->plan) ? pod_addresses_of_host(&host) : 0;

        return r < 0 ? r : pod_addresses_set(l->pod, l->plan, host, reterr_message);
}

static int launch_write_etc(Launch *l, char **reterr_message)
{
        return pod_write_etc(l->pod, l->plan, reterr_message);
}

static int launch_set_limits(Launch *l, char **reterr_message)
{
        return pod_limits_set(l->plan, reterr_message);
}

/* From here on, the lock of the pod is kept until this process ends. */
static int launch_hold(Launch *l, char **reterr_message)
{
        int r = fd_set_cloexec(l->pod->fd, false);

        if (r < 0)
                return r;
        l->holder = fly_hold();
        return l->holder;
}

static int launch_enter_namespace(Launch *l, char **reterr_message)
{
        int r;

        l->context.host_mounts_fd = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
        r = l->context.host_mounts_fd < 0 ? -errno : mkdir_p_at(AT_FDCWD, WORK_DIRECTORY, 0755);
        if (r < 0)
                return r;
        r = mount_namespace_enter();
        if (r < 0)
                return r;
        if (mount("podctl", WORK_DIRECTORY, "tmpfs", MS_NODEV | MS_NOSUID, "mode=0700,size=64m") < 0)
                return -errno;
        l->context.root_fd = mkdir_open_at(AT_FDCWD, ROOT_DIRECTORY, 0755);
        l->context.scratch_fd = mkdir_open_at(AT_FDCWD, WORK_DIRECTORY "/layers", 0700);
        return MIN(MIN(l->context.root_fd, l->context.scratch_fd), 0);
}

static int launch_mount(Launch *l, char **reterr_message)
{
        int r = plan_mounts_carry_out(&l->app->mounts, &l->context, reterr_message);

        if (r < 0)
                return r;
        l->root_fd = mount_open_app_root(&l->context, l->app->app->name);
        return l->root_fd;
}

/* Twice: for its launcher, in memory, and on disk for what joins it later. Sockets are mounted in the former only, or
 * nobody could remove the pod's directory. */
static int launch_write_app(Launch *l, char **reterr_message)
{
        int r = app_look_up(l->app, &l->context.late, l->context.root_fd, 0, &l->identity, reterr_message);

        if (r >= 0)
                r = app_launch_write(l->app, &l->identity, l->context.root_fd, reterr_message);
        return r < 0 ? r : app_launch_write(l->app, &l->identity, l->pod->fd, reterr_message);
}

/* The output of the app, and what tells systemd that it has started: for its launcher alone. */
static int launch_connect(Launch *l, char **reterr_message)
{
        _cleanup_free_ char *output = pod_path(l->pod, POD_OUTPUT_DIR "/0");
        int r = output ? app_mount_socket(l->app, output, -EBADF, LAUNCH_OUTPUT, l->context.root_fd, 0) : -ENOMEM;

        if (r >= 0)
                r = app_mount_journal(l->app, l->context.root_fd, 0);
        if (r >= 0 && !l->app->notify)
                r = app_mount_socket(l->app, MANAGER_SOCKET, -EBADF, LAUNCH_NOTIFY, l->context.root_fd,
                                     0);
        return r < 0 ? explain(reterr_message, r, "app '%s': cannot connect its output to the host: %s",
                               l->app->app->name, strerror(-r)) : 0;
}

static int launch_mount_kernel(Launch *l, char **reterr_message)
{
        int r = fly_mount_kernel(l->app, l->root_fd, reterr_message);

        return r < 0 ? r : fly_mount_late(&l->context, l->root_fd, reterr_message);
}

/* As systemd does for a service: a file for each, named as the app asks for it. */
static int name_credentials(const AppcPodApp *app)
{
        if (mkdir(CREDENTIALS "/own", 0700) < 0)
                return -errno;
        for (size_t i = 0; i < app->n_credentials; i++) {
                _cleanup_free_ char *from = strjoin(CREDENTIALS "/", app->name, ".", app->credentials[i].name),
                                    *to = strjoin(CREDENTIALS "/own/", app->credentials[i].name);

                if (!from || !to)
                        return -ENOMEM;
                if (rename(from, to) < 0)
                        return -errno;
        }
        return 0;
}

static int launch_load_credentials(Launch *l, char **reterr_message)
{
        _cleanup_free_ char *target = strprintf(CREDENTIALS_DIRECTORY, l->app->app->name);
        int r;

        if (!target)
                return -ENOMEM;
        if (l->app->app->n_credentials == 0)
                return unsetenv("CREDENTIALS_DIRECTORY") < 0 ? -errno : 0;
        r = app_credentials_load(l->app->app, CREDENTIALS, 0, reterr_message);
        if (r >= 0)
                r = name_credentials(l->app->app);
        if (r >= 0)
                r = fly_bind(CREDENTIALS "/own", l->root_fd, target);
        return r < 0 ? r : setenv("CREDENTIALS_DIRECTORY", target, 1) < 0 ? -errno : 0;
}

/* What the launcher needs, which it takes away again; the socket only for an app that says itself when it is ready. */
static int launch_mount_launcher(Launch *l, char **reterr_message)
{
        _cleanup_free_ char *files = strjoin(ROOT_DIRECTORY "/" LAUNCH_POD_FILES "/", l->app->app->name);
        int r = files ? fly_bind(PKGLIBDIR "/launch", l->root_fd, LAUNCH_BIN) : -ENOMEM;

        if (r >= 0)
                r = fly_bind(files, l->root_fd, LAUNCH_FILES);
        if (r >= 0 && l->app->notify)
                r = fly_bind(MANAGER_SOCKET, l->root_fd, MANAGER_SOCKET);
        return r;
}

static int launch_mount_shared(Launch *l, char **reterr_message)
{
        return fly_mount_shared(&l->context, l->root_fd, reterr_message);
}

static int launch_note_start(Launch *l, char **reterr_message)
{
        _cleanup_free_ char *pid = strprintf("%i\n", getpid());

        int r = pid ? write_string_at(l->pod->fd, "pid", pid, 0644) : -ENOMEM;

        return r < 0 ? r : pod_process_note(l->pod->fd);
}

/* Nothing that is open leads from the app to the host. Up to here, systemd is told of failures. */
static int launch_become(Launch *l, char **reterr_message)
{
        char *const words[] = { (char *) LAUNCHER, (char *) "--words=" LAUNCH_FILES "/" LAUNCH_START, NULL };
        const char *socket = l->app->notify ? MANAGER_SOCKET : LAUNCH_FILES "/" LAUNCH_NOTIFY;
        int r = fly_enter(l->root_fd);

        if (r < 0)
                return r;
        if (setenv("NOTIFY_SOCKET", socket, 1) < 0 || close_range(STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC) < 0)
                return -errno;
        json_foreign_done();
        (void) execv(LAUNCHER, words);
        return -errno;
}

static int launch(Launch *l, char **reterr_message)
{
        int (*const steps[])(Launch *, char **) = {
                launch_find_addresses, launch_write_etc,    launch_set_limits,       launch_hold,
                launch_enter_namespace, launch_mount,       launch_write_app,        launch_connect,
                launch_mount_kernel,   launch_load_credentials, launch_mount_launcher, launch_mount_shared,
                launch_note_start,     launch_become,
        };

        for (size_t i = 0; i < ELEMENTSOF(steps); i++) {
                int r = steps[i](l, reterr_message);

                if (r < 0)
                        return r;
        }
        return 0;
}

static int fly_launch(Pod *pod, PodPlan *plan, char **reterr_message)
{
        _cleanup_(launch_done) Launch l = {
                .pod = pod,
                .plan = plan,
                .app = &plan->apps[0],
                .context = {
                        .data = pod->store->data,
                        .root_fd = -EBADF,
                        .scratch_fd = -EBADF,
                        .userns_fd = -EBADF,
                        .host_mounts_fd = -EBADF,
                        .pod_mounts_fd = -EBADF,
                        .own_mounts = true,
                },
                .root_fd = -EBADF,
                .holder = -EBADF,
        };

        return explain_unless_told(reterr_message, launch(&l, reterr_message), "cannot start the pod");
}

const Stage1 stage1_fly = { &engine_fly, fly_launch };
