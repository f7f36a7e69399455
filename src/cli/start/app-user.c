/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/fs.h"
#include "cli/start/app-user.h"
#include "pod/pod-prepare.h"
#include "stage1/pod-tree.h"

/* As the pod sees it, whether the app runs or not. */
static int open_root(const Pod *pod, const char *app)
{
        _cleanup_free_ char *path = NULL;
        pid_t leader;
        int r = pod_leader_pid(pod, &leader);

        if (r < 0)
                return r;
        path = strprintf("/proc/%i/root" POD_STAGE2_DIR "/%s/rootfs", leader, app);
        return path ? open_directory_at(AT_FDCWD, path) : -ENOMEM;
}

int app_user_find(Pod *pod, const char *app, AppIdentity *ret)
{
        _cleanup_(app_identity_done) AppIdentity identity = {};
        _cleanup_(pod_plan_freep) PodPlan *plan = NULL;
        _cleanup_free_ char *message = NULL;
        _cleanup_close_ int root = -EBADF;
        const PlanApp *planned;
        uid_t base;
        int r;

        if (pod->state != POD_RUNNING)
                return -ESRCH;
        r = pod_plan_of_running(pod, &plan, &message);
        if (r >= 0)
                r = root = open_root(pod, app);
        if (r >= 0)
                r = pod_uid_base(pod, &base);
        if (r < 0)
                return r;
        planned = pod_plan_find_app(plan, app);
        r = planned ? app_identify_user(planned, root, base, &identity, &message) : -ESRCH;
        if (r < 0)
                return r;
        *ret = identity;
        identity = (AppIdentity) {};
        return 0;
}
