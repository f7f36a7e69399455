/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "manifest/appc-image.h"
#include "pod/engine.h"
#include "pod/plan-deadline.h"
#include "pod/plan-stdio.h"
#include "pod/pod-log-file.h"
#include "shared/explain.h"

/* One app in the root of its image, and otherwise on the host: for agents that have to see it. */

static const char *const rkt_names[] = { "stage1-fly", NULL };

static const char *const unit_properties[] = {
        "Type=notify",
        /* What carries the app's last lines to the journal ends by itself, which it is not given time for otherwise. */
        "KillMode=control-group",
        "TasksMax=16384",
        "LogRateLimitIntervalSec=1us",
        "LogRateLimitBurst=1000000",
        "DevicePolicy=closed",
        "DeviceAllow=/dev/net/tun rwm",
        "DeviceAllow=char-pts rw",
        "CollectMode=inactive-or-failed",
        /* The kernel kills the process that exceeds the limit; losing a worker need not end the app. */
        "OOMPolicy=continue",
        NULL,
};

static bool has_several_apps(const PodPlan *plan)
{
        return plan->n_apps != 1;
}

static bool is_mutable(const PodPlan *plan)
{
        return appc_pod_is_mutable(plan->manifest);
}

static bool has_networks(const PodPlan *plan)
{
        return plan->settings->net && !net_is_host(plan->settings->net);
}

static bool has_ports(const PodPlan *plan)
{
        return plan->manifest->n_ports > 0;
}

static bool has_socket_ports(const PodPlan *plan)
{
        for (size_t i = 0; i < plan->apps[0].app->app->n_ports; i++)
                if (plan->apps[0].app->app->ports[i].socket_activated)
                        return true;
        return false;
}

static bool has_own_users(const PodPlan *plan)
{
        return pod_plan_private_users(plan);
}

static bool has_own_processes(const PodPlan *plan)
{
        return plan->apps[0].own_pids;
}

static bool has_own_ipc(const PodPlan *plan)
{
        return streq_ptr(plan->settings->ipc, "private");
}

static bool has_hostname(const PodPlan *plan)
{
        return plan->settings->hostname;
}

static bool has_sysctls(const PodPlan *plan)
{
        return isolators_find(plan->manifest->isolators, plan->manifest->n_isolators, ISOLATOR_SYSCTL);
}

static bool has_deadline(const PodPlan *plan)
{
        return plan->deadline_usec > 0;
}

static bool has_restart(const PodPlan *plan)
{
        return plan->apps[0].restart;
}

static bool has_oneshot(const PodPlan *plan)
{
        return plan->apps[0].oneshot;
}

static bool goes_on(const PodPlan *plan)
{
        return plan->apps[0].leaves_pod && !appc_pod_is_mutable(plan->manifest);
}

static bool has_oom_group(const PodPlan *plan)
{
        return plan->apps[0].oom_group;
}

static bool has_programs_beside(const PodPlan *plan)
{
        const App *app = plan->apps[0].app->app;

        for (AppHook hook = 0; hook < _APP_HOOK_MAX; hook++)
                if (strv_length(app->hooks[hook]) > 0)
                        return true;
        return strv_length(app->pre_start) + strv_length(app->post_stop) > 0;
}

static bool has_checks(const PodPlan *plan)
{
        return app_is_checked(plan->apps[0].app->app);
}

static bool is_registered(const PodPlan *plan)
{
        return plan->settings->mds_register;
}

static bool has_own_journal(const PodPlan *plan)
{
        return plan->apps[0].log == PLAN_LOG_POD || plan->apps[0].log == PLAN_LOG_BOTH;
}

static bool has_journal_limits(const PodPlan *plan)
{
        return appc_pod_annotation(plan->manifest, "podctl/journal-size") ||
               appc_pod_annotation(plan->manifest, "podctl/journal-age");
}

static bool has_log_file(const PodPlan *plan)
{
        return pod_log_file_path(plan->apps[0].app);
}

static bool has_terminal_or_streams(const PodPlan *plan)
{
        return plan_app_is_attachable(&plan->apps[0]);
}

/* In an order in which each may count on those before it. */
static const struct {
        bool (*asks)(const PodPlan *plan);
        const char *why;
} limits[] = {
        { is_mutable, "no app can come to the pod or leave it; use --stage1=nspawn" },
        { has_several_apps, "the pod is one app; make a pod for each, or use --stage1=nspawn" },
        { has_networks, "the app has the host's network; leave out --net, or use --net=host" },
        { has_ports, "the app has the host's ports, and none is forwarded; leave out --port" },
        { has_socket_ports, "no socket is passed on; leave out socketActivated of the ports" },
        { has_own_users, "the app has the host's user IDs; leave out --private-users" },
        { has_own_processes, "the app sees the host's processes; leave out --pids" },
        { has_own_ipc, "the app has the host's IPC namespace; leave out --ipc" },
        { has_hostname, "the app has the host's name; leave out --hostname" },
        { has_sysctls, "the parameters of the kernel are the host's; leave out --sysctl, and see sysctl.d(5)" },
        { has_deadline, "nothing in the pod ends it in time; use --property=RuntimeMaxSec= instead of --deadline" },
        { has_restart, "nothing in the pod restarts the app; use Restart= of the unit that podctl create makes" },
        { has_oneshot, "no other app waits for the end of this one; leave out the annotation podctl/oneshot" },
        { goes_on, "the pod ends with its only app; leave out the annotation podctl/on-failure" },
        { has_oom_group, "what ends when memory runs out is said by the unit; use OOMPolicy= there instead of the "
                         "annotation podctl/oom-group" },
        { has_programs_beside, "no event handlers and no hooks run beside the app; use ExecStartPre= or ExecStopPost= "
                               "of the unit" },
        { has_checks, "nothing in the pod checks the app's health; leave out --health-cmd, or use --health-cmd=none" },
        { is_registered, "the metadata service knows pods by their addresses, and the app has the host's; leave out "
                         "--mds-register" },
        { has_own_journal, "there is no journal but the host's; use --log=host or --log=none" },
        { has_journal_limits, "there is no journal but the host's, with its limits; leave out --journal-size and "
                              "--journal-age" },
        { has_log_file, "nothing carries the app's output to a file; leave out --log-file, and use 'podctl logs'" },
        { has_terminal_or_streams, "nobody can attach to the app; leave out --interactive, --stdin, --stdout and "
                                   "--stderr, and use 'podctl exec'" },
};

static int check(const PodPlan *plan, char **reterr_message)
{
        for (size_t i = 0; i < ELEMENTSOF(limits); i++)
                if (limits[i].asks(plan))
                        return explain(reterr_message, EOPNOTSUPP, "engine 'fly': %s", limits[i].why);
        return 0;
}

const Engine engine_fly = {
        .name = "fly",
        .rkt = rkt_names,
        .net = "host",
        .log = "host",
        .shared_mounts = true,
        .unit_prefix = "podctl-",
        .unit_properties = unit_properties,
        .kill_mode = "control-group",
        .check = check,
};
