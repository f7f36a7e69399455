/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/patience.h"
#include "basic/time-util.h"
#include "cli/start/app-files.h"
#include "pod/engine.h"
#include "shared/explain.h"
#include "stage1/app-view.h"
#include "unit/manager-connect.h"
#include "unit/unit-wait.h"

/* As the pod numbers it. 0: it has ended. */
static int find_main_pid(pid_t leader, const char *app, uint32_t *ret)
{
        _cleanup_free_ char *unit = strjoin(app, ".service");
        _cleanup_(unit_status_done) UnitStatus status = {};
        _cleanup_bus_ sd_bus *bus = NULL;
        int r;

        if (!unit)
                return -ENOMEM;
        r = manager_connect(leader, &bus);
        if (r < 0)
                return r;
        r = unit_get_status(bus, unit, &status);
        if (r < 0 && r != -ENOENT)
                return r;
        *ret = status.main_pid;
        return 0;
}

static int open_below(pid_t leader, const char *app, uint32_t pid)
{
        _cleanup_free_ char *path = app ? strprintf("/proc/%i/root" POD_STAGE2_DIR "/%s/rootfs", leader, app)
                                        : strprintf("/proc/%i/root/proc/%u/root", leader, pid);

        return path ? open_directory_at(AT_FDCWD, path) : -ENOMEM;
}

static bool is_same(int a, int b)
{
        struct stat x, y;

        return fstat(a, &x) >= 0 && fstat(b, &y) >= 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

/* A service's main process is at first a copy of PID 1, whose root is the pod's; nothing reports when that changes. */
static int open_running(const Pod *pod, const char *app)
{
        Patience patience = { .step_usec = 10000, .left_usec = 10 * USEC_PER_SEC };
        _cleanup_close_ int bare = -EBADF;
        pid_t leader;
        int r;

        r = pod_leader_pid(pod, &leader);
        if (r < 0)
                return r;
        bare = open_below(leader, app, 0);
        if (bare < 0)
                return bare;
        do {
                _cleanup_close_ int root = -EBADF;
                uint32_t pid = 0;

                r = find_main_pid(leader, app, &pid);
                if (r < 0)
                        return r;
                if (pid == 0)
                        return TAKE_FD(bare);
                root = open_below(leader, NULL, pid);
                if (root >= 0 && is_same(root, bare))
                        return TAKE_FD(root);
        } while (patience_wait(&patience, -EBADF));
        return -EAGAIN;
}

/* The leader has the host's root until it becomes the app. */
static int open_of_leader(const Pod *pod)
{
        Patience patience = { .step_usec = 10000, .left_usec = 10 * USEC_PER_SEC };
        _cleanup_close_ int host = open_directory_at(AT_FDCWD, "/");
        _cleanup_free_ char *path = NULL;
        pid_t leader;
        int r = pod_leader_pid(pod, &leader);

        if (host < 0 || r < 0)
                return MIN(host, r);
        path = strprintf("/proc/%i/root", leader);
        if (!path)
                return -ENOMEM;
        do {
                _cleanup_close_ int root = open_directory_at(AT_FDCWD, path);

                if (root < 0)
                        return root;
                if (!is_same(root, host))
                        return TAKE_FD(root);
        } while (patience_wait(&patience, -EBADF));
        return -EAGAIN;
}

int app_root_open(const Pod *pod, const char *app)
{
        return pod_engine(pod)->has_init ? open_running(pod, app) : open_of_leader(pod);
}

int app_files_open(const Pod *pod, const char *app, uid_t *ret_base, char **reterr_message)
{
        int r;

        *ret_base = 0;
        if (pod->state != POD_RUNNING)
                return app_view_open(pod, app, reterr_message);
        r = pod_uid_base(pod, ret_base);
        if (r < 0)
                return r;
        r = app_root_open(pod, app);
        if (r == -EAGAIN)
                return explain(reterr_message, EAGAIN, "it has not started yet, or has changed its root directory");
        return r;
}
