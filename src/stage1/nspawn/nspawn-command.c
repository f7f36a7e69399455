/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/strv.h"
#include "stage1/nspawn/nspawn-command.h"
#include "stage1/pod-limits.h"
#include "stage1/pod-tree.h"
#include "stage1/uid-range.h"
#include "unit/machine.h"

static int add_late_mounts(const LateMounts *late, char ***argv)
{
        int r = 0;

        for (size_t i = 0; r >= 0 && i < late->n; i++)
                if (late->items[i].scratch)
                        r = strv_extendf(argv, "--bind=" NSPAWN_SCRATCH_DIRECTORY "/%s:%s", late->items[i].scratch,
                                         late->items[i].source);
        return r;
}

/* What every pod has. */
static const char *const common_arguments[] = {
        "/usr/bin/systemd-nspawn",
        "--quiet",
        "--boot",
        "--keep-unit",
        "--settings=no",
        "--notify-ready=yes",
        "--link-journal=no",
        "--resolv-conf=off",
        "--timezone=off",
        "--directory=" NSPAWN_ROOT_DIRECTORY,
        /* Nothing there would react to a lack of memory, and the kernel takes 10 to 40 ms to end the watch
         * (sd_event_add_memory_pressure(3)). */
        "--setenv=MEMORY_PRESSURE_WATCH=/dev/null",
        "--setenv=SYSTEMD_GENERATOR_PATH=/nonexistent",
        "--setenv=SYSTEMD_ENVIRONMENT_GENERATOR_PATH=/nonexistent",
        NULL,
};

/* Options whose value is the pod's, or that not every pod has. */
static int add_own_arguments(const NspawnCommand *n, bool console, char ***argv)
{
        const PodSettings *s = n->plan->settings;
        const bool mapped = n->uid_base > 0;
        _cleanup_free_ char *range = strprintf("%u:%u", n->uid_base, POD_UID_COUNT);
        const struct {
                bool wanted;
                const char *option, *value;
        } rows[] = {
                { true, "--setenv=SYSTEMD_UNIT_PATH=", pod_tree_unit_path() },
                { true, "--machine=", s->name },
                { true, "--register=", machine_registry_missing() ? "no" : "yes" },
                { s->hostname, "--hostname=", s->hostname },
                { true, "--console=", console ? "interactive" : "read-only" },
                { mapped, "--private-users=", range },
                { mapped, "--private-users-ownership=off", NULL },
                /* With networks, our process is in the pod's namespace by now, and nspawn stays in it:
                 * --network-namespace-path= would exclude all other options of networks (systemd-nspawn(1)). */
                { s->n_joins == 0 && !net_is_host(s->net), "--private-network", NULL },
                { s->n_joins > 0, "--capability=CAP_NET_ADMIN", NULL },
                { appc_pod_is_privileged(n->plan->manifest), "--capability=all", NULL },
        };
        int r = range ? 0 : -ENOMEM;

        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(rows); i++)
                if (rows[i].wanted)
                        r = strv_extendf(argv, "%s%s", rows[i].option, strempty(rows[i].value));
        return r;
}

/* For PID 1: they come last. */
static int add_init_arguments(bool console, char ***argv)
{
        const char *const words[] = {
                "systemd.show_status=no",
                /* Only what goes wrong: each line is work for the journal, and the first ones, before there is a
                 * journal, land on the console. */
                "systemd.log_level=notice",
                /* Until there is a journal, PID 1 would write to the console, which is the app's then. */
                console ? "systemd.log_target=null" : "systemd.log_target=journal",
                NULL,
        };

        return strv_extend_strv(argv, (char *const *) words);
}

/* What a container has without being asked (systemd-nspawn(1), --capability=). */
static const char *const usual_capabilities[] = {
        "AUDIT_CONTROL", "AUDIT_WRITE",      "CHOWN",         "DAC_OVERRIDE", "DAC_READ_SEARCH", "FOWNER",
        "FSETID",        "IPC_OWNER",        "KILL",          "LEASE",        "LINUX_IMMUTABLE", "MKNOD",
        "NET_ADMIN",     "NET_BIND_SERVICE", "NET_BROADCAST", "NET_RAW",      "SETFCAP",         "SETGID",
        "SETPCAP",       "SETUID",           "SYS_ADMIN",     "SYS_BOOT",     "SYS_CHROOT",      "SYS_NICE",
        "SYS_PTRACE",    "SYS_RESOURCE",     "SYS_TTY_CONFIG",
};

static bool is_usual(const char *capability)
{
        for (size_t i = 0; i < ELEMENTSOF(usual_capabilities); i++)
                if (streq(usual_capabilities[i], capability))
                        return true;
        return false;
}

/* An app can have only what its pod has. */
static int add_capabilities(const PodPlan *plan, char ***argv)
{
        _cleanup_strv_free_ char **all = NULL;
        int r = 0;

        for (size_t i = 0; i < plan->n_apps; i++)
                STRV_FOREACH(c, plan->apps[i].capabilities)
                        if (r >= 0 && !is_usual(*c) && !strv_contains(all, *c))
                                r = strv_extend(&all, *c);
        if (r < 0 || !all)
                return r;
        strv_sort(all);
        STRV_FOREACH(c, all)
                if (r >= 0)
                        r = strv_extendf(argv, "--capability=CAP_%s", *c);
        return r;
}

int nspawn_command_format(const NspawnCommand *n, char ***ret)
{
        const bool console = n->plan->settings->interactive && !n->plan->settings->attached;
        _cleanup_strv_free_ char **argv = NULL;
        int r;

        r = strv_extend_strv(&argv, (char *const *) common_arguments);
        if (r < 0)
                return r;
        r = add_own_arguments(n, console, &argv);
        if (r < 0)
                return r;
        r = add_capabilities(n->plan, &argv);
        if (r < 0)
                return r;
        r = add_late_mounts(n->late, &argv);
        if (r < 0)
                return r;
        r = pod_limits_arguments(n->plan, &argv);
        if (r < 0)
                return r;
        r = strv_extend_strv(&argv, n->credentials);
        if (r < 0)
                return r;
        r = add_init_arguments(console, &argv);
        if (r < 0)
                return r;

        *ret = TAKE_PTR(argv);
        return 0;
}
