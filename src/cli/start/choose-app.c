/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/log.h"
#include "cli/start/choose-app.h"

int check_has_apps(const AppcPod *manifest, const char *pod_name)
{
        return manifest->n_apps > 0 ? 0 : log_error_errno(ENOENT, "Pod '%s' has no apps; 'podctl app add' adds one",
                                                          pod_name);
}

int choose_app(Pod *pod, const char *name, const AppcPodApp **ret)
{
        const AppcPod *m = pod->manifest;
        const AppcPodApp *found;

        if (!name && m->n_apps > 1)
                return log_error_errno(EINVAL, "Pod '%s' has several apps; choose one with --app",
                                       pod_display_name(pod));
        if (!name && m->n_apps == 0)
                return check_has_apps(m, pod_display_name(pod));
        found = name ? appc_pod_find_app(m, name) : &m->apps[0];
        if (!found)
                return log_error_errno(ENOENT, "Pod '%s' has no app '%s'", pod_display_name(pod), name);
        *ret = found;
        return 0;
}

int choose_planned_app(Pod *pod, const PodPlan *plan, const char *name, const PlanApp **ret)
{
        const AppcPodApp *app;
        int r = choose_app(pod, name, &app);

        if (r < 0)
                return r;
        *ret = pod_plan_find_app(plan, app->name);
        return *ret ? 0 : log_error_errno(ENOENT, "Pod '%s' has no app '%s'", pod_display_name(pod), app->name);
}
