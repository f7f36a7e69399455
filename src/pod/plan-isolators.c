/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <inttypes.h>

#include "manifest/appc-image.h"
#include "network/net-request.h"
#include "pod/plan-isolators.h"
#include "shared/explain.h"

/* The capabilities of rkt's apps (its Documentation/capabilities-guide.md), and of Docker's. */
static const char *const default_capabilities[] = {
        "AUDIT_WRITE", "CHOWN",            "DAC_OVERRIDE", "FSETID", "FOWNER",  "KILL",    "MKNOD",
        "NET_RAW",     "NET_BIND_SERVICE", "SETUID",       "SETGID", "SETPCAP", "SETFCAP", "SYS_CHROOT",
};

static int add_memory(const Isolator *i, const char *disk, char ***lines)
{
        return i->resource.has_limit ? strv_extendf(lines, "MemoryMax=%" PRIi64, i->resource.limit) : 0;
}

int plan_cpu_quota(int64_t thousandths, char ***lines)
{
        const int64_t n = MAX(thousandths, INT64_C(1));

        return n % 10 ? strv_extendf(lines, "CPUQuota=%" PRIi64 ".%" PRIi64 "%%", n / 10, n % 10)
                      : strv_extendf(lines, "CPUQuota=%" PRIi64 "%%", n / 10);
}

static int add_cpu(const Isolator *i, const char *disk, char ***lines)
{
        return i->resource.has_limit ? plan_cpu_quota(i->resource.limit, lines) : 0;
}

/* Converts the shares of cgroup v1 to the weight of v2, so that apps with shares compare to those without as before:
 * 1024 and 100 are the defaults of a group, and systemd converts them in the same way. */
static int add_cpu_shares(const Isolator *i, const char *disk, char ***lines)
{
        return strv_extendf(lines, "CPUWeight=%" PRIi64, MAX(INT64_C(1), MIN(i->number * 100 / 1024, INT64_C(10000))));
}

static int add_oom_score(const Isolator *i, const char *disk, char ***lines)
{
        return strv_extendf(lines, "OOMScoreAdjust=%" PRIi64, i->number);
}

static void print_limit(char *buffer, size_t size, uint64_t value)
{
        if (value == UINT64_MAX)
                (void) snprintf(buffer, size, "infinity");
        else
                (void) snprintf(buffer, size, "%" PRIu64, value);
}

static int add_rlimits(const Isolator *i, const char *disk, char ***lines)
{
        STRV_FOREACH(limit, i->rlimits) {
                const char *value = strchr(*limit, '=') + 1;
                char soft_text[24], hard_text[24];
                uint64_t soft, hard;
                int r;

                r = rlimit_parse(value, &soft, &hard);
                if (r < 0)
                        return r;
                print_limit(soft_text, sizeof(soft_text), soft);
                print_limit(hard_text, sizeof(hard_text), hard);
                r = strv_extendf(lines, PLAN_RLIMIT "%.*s=%s:%s", (int) (value - 1 - *limit), *limit, soft_text,
                                 hard_text);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int add_block(const Isolator *i, const char *what, const char *disk, char ***lines)
{
        int r = strv_extendf(lines, "IORead%sMax=%s %" PRIi64, what, disk, i->resource.limit);

        return r < 0 ? r : strv_extendf(lines, "IOWrite%sMax=%s %" PRIi64, what, disk, i->resource.limit);
}

static int add_block_bandwidth(const Isolator *i, const char *disk, char ***lines)
{
        return add_block(i, "Bandwidth", disk, lines);
}

static int add_block_iops(const Isolator *i, const char *disk, char ***lines)
{
        return add_block(i, "IOPS", disk, lines);
}

typedef struct IsolatorRow {
        IsolatorType type;
        unsigned scope;
        /* disk: a path on the disk with the pod's files, by which systemd finds the disk. */
        int (*add)(const Isolator *i, const char *disk, char ***lines);
} IsolatorRow;

static const IsolatorRow isolator_rows[] = {
        { ISOLATOR_MEMORY, ISOLATOR_APP | ISOLATOR_POD, add_memory },
        { ISOLATOR_CPU, ISOLATOR_APP | ISOLATOR_POD, add_cpu },
        { ISOLATOR_CPU_SHARES, ISOLATOR_APP | ISOLATOR_POD, add_cpu_shares },
        { ISOLATOR_OOM_SCORE_ADJ, ISOLATOR_APP, add_oom_score },
        { ISOLATOR_RLIMITS, ISOLATOR_APP, add_rlimits },
        { ISOLATOR_BLOCK_BANDWIDTH, ISOLATOR_APP | ISOLATOR_POD, add_block_bandwidth },
        { ISOLATOR_BLOCK_IOPS, ISOLATOR_APP | ISOLATOR_POD, add_block_iops },
        { ISOLATOR_NETWORK_BANDWIDTH, ISOLATOR_APP | ISOLATOR_POD, NULL }, /* plan_network_bandwidth() */
        { ISOLATOR_NO_NEW_PRIVS, ISOLATOR_APP, NULL }, /* the launcher applies this and the filters */
        { ISOLATOR_SECCOMP_RETAIN, ISOLATOR_APP, NULL },
        { ISOLATOR_SECCOMP_REMOVE, ISOLATOR_APP, NULL },
        { ISOLATOR_SECCOMP_PROFILE, ISOLATOR_APP, NULL },
        { ISOLATOR_SYSCTL, ISOLATOR_POD, NULL }, /* stage1/pod-limits.c */
        { ISOLATOR_APPARMOR_PROFILE, ISOLATOR_APP, NULL },
        { ISOLATOR_SELINUX_CONTEXT, ISOLATOR_APP, NULL },
        { ISOLATOR_CAPS_RETAIN, ISOLATOR_APP, NULL }, /* plan_capabilities() */
        { ISOLATOR_CAPS_REMOVE, ISOLATOR_APP, NULL },
};

static const IsolatorRow *find_row(const Isolator *i, unsigned scope)
{
        for (size_t j = 0; j < ELEMENTSOF(isolator_rows); j++)
                if (isolator_rows[j].type == i->type && (isolator_rows[j].scope & scope))
                        return &isolator_rows[j];
        return NULL;
}

static int add_isolators(const Isolator *isolators, size_t n, unsigned scope, const char *whose, const char *disk,
                         char ***lines, char ***ignored)
{
        for (size_t i = 0; i < n; i++) {
                const IsolatorRow *row = find_row(&isolators[i], scope);
                int r = 0;

                if (!row)
                        r = strv_extendf(ignored, "isolator %s of %s has no effect", isolators[i].name, whose);
                else if (row->add)
                        r = row->add(&isolators[i], disk, lines);
                if (r < 0)
                        return r;
        }
        return 0;
}

static const char *capability_name(const char *s)
{
        return startswith(s, "CAP_") ?: s;
}

static bool set_contains(char *const *set, const char *capability)
{
        STRV_FOREACH(s, set)
                if (streq(capability_name(*s), capability))
                        return true;
        return false;
}

bool plan_removes_all(const Isolator *remove)
{
        return set_contains(remove->set, "all") || set_contains(remove->set, "ALL");
}

bool plan_capability_is_usual(const char *name)
{
        for (size_t i = 0; i < ELEMENTSOF(default_capabilities); i++)
                if (streq(default_capabilities[i], capability_name(name)))
                        return true;
        return false;
}

static int plan_capabilities(const App *app, char ***ret)
{
        const Isolator *retain = isolators_find(app->isolators, app->n_isolators, ISOLATOR_CAPS_RETAIN);
        const Isolator *remove = isolators_find(app->isolators, app->n_isolators, ISOLATOR_CAPS_REMOVE);
        _cleanup_strv_free_ char **set = new0(char *, 1);

        if (!set)
                return -ENOMEM;

        STRV_FOREACH(s, retain ? retain->set : NULL)
                if (strv_extend(&set, capability_name(*s)) < 0)
                        return -ENOMEM;
        for (size_t i = 0; !retain && i < ELEMENTSOF(default_capabilities); i++) {
                const char *name = default_capabilities[i];

                if (remove && (plan_removes_all(remove) || set_contains(remove->set, name)))
                        continue;
                if (strv_extend(&set, name) < 0)
                        return -ENOMEM;
        }
        *ret = TAKE_PTR(set);
        return 0;
}

/* One that is unrestricted may do without some. */
static int plan_left_out(PlanApp *plan)
{
        const App *app = plan->app->app;
        const Isolator *remove = isolators_find(app->isolators, app->n_isolators, ISOLATOR_CAPS_REMOVE);
        int r = 0;

        if (!remove || !plan->unrestricted)
                return 0;
        /* As without the option. */
        if (plan_removes_all(remove)) {
                plan->unrestricted = false;
                return 0;
        }
        STRV_FOREACH(name, remove->set)
                if (r >= 0)
                        r = strv_extend(&plan->left_out, capability_name(*name));
        return r;
}

static int plan_ambient(PlanApp *plan)
{
        _cleanup_strv_free_ char **names = NULL;
        int r = strv_split(strempty(strv_env_get(plan->app->annotations, APPC_ANNOTATION_AMBIENT)), ',', &names);

        STRV_FOREACH(name, names)
                if (r >= 0)
                        r = strv_extend(&plan->ambient, capability_name(*name));
        return r;
}

static int plan_labels(PlanApp *plan, const App *app)
{
        const Isolator *apparmor = isolators_find(app->isolators, app->n_isolators, ISOLATOR_APPARMOR_PROFILE);
        const Isolator *selinux = isolators_find(app->isolators, app->n_isolators, ISOLATOR_SELINUX_CONTEXT);

        if (apparmor && free_and_strdup(&plan->apparmor, apparmor->profile) < 0)
                return -ENOMEM;
        if (selinux) {
                plan->selinux = strprintf("%s:%s:%s:%s", selinux->selinux.user, selinux->selinux.role,
                                          selinux->selinux.type, selinux->selinux.level);
                if (!plan->selinux)
                        return -ENOMEM;
        }
        return 0;
}

int plan_app_isolators(PlanApp *plan, char ***ignored)
{
        const AppcPodApp *app = plan->app;
        _cleanup_free_ char *whose = strprintf("app '%s'", app->name);
        int r;

        if (!whose)
                return -ENOMEM;
        r = plan_capabilities(app->app, &plan->capabilities);
        if (r >= 0)
                r = plan_left_out(plan);
        if (r >= 0)
                r = plan_ambient(plan);
        if (r < 0)
                return r;
        r = plan_labels(plan, app->app);
        if (r < 0)
                return r;
        return add_isolators(app->app->isolators, app->app->n_isolators, ISOLATOR_APP, whose, POD_STATUS_DIR,
                             &plan->limits, ignored);
}

int plan_check_sysctls(const PodPlan *plan, char **reterr_message)
{
        const Isolator *i = isolators_find(plan->manifest->isolators, plan->manifest->n_isolators, ISOLATOR_SYSCTL);

        STRV_FOREACH(s, i ? i->sysctl : NULL) {
                _cleanup_free_ char *name = strndup(*s, strcspn(*s, "="));
                const char *net = plan->settings->net, *why;

                if (!name)
                        return -ENOMEM;
                why = sysctl_why_not(name, !net || (!streq(net, "none") && !streq(net, "host")),
                                     !pod_settings_shares_ipc(plan->settings));
                if (why)
                        return explain(reterr_message, EINVAL, "isolator os/unix/sysctl: '%s' %s", name, why);
        }
        return 0;
}

int plan_pod_isolators(const PodPlan *plan, char ***properties, char ***ignored)
{
        const AppcPod *pod = plan->manifest;
        const char *pods = strstr(plan->directory, "/pods/");
        /* Not the pod's directory: the pod moves from one directory to another. */
        _cleanup_free_ char *disk = pods && pods > plan->directory
                                            ? strndup(plan->directory, (size_t) (pods - plan->directory))
                                            : strdup("/");

        return disk ? add_isolators(pod->isolators, pod->n_isolators, ISOLATOR_POD, "the pod", disk, properties,
                                    ignored)
                    : -ENOMEM;
}

uint64_t plan_network_bandwidth(const PodPlan *plan)
{
        const Isolator *i =
                isolators_find(plan->manifest->isolators, plan->manifest->n_isolators, ISOLATOR_NETWORK_BANDWIDTH);

        return i ? (uint64_t) i->resource.limit : 0;
}

static int check_limits(const Isolator *isolators, size_t n, const char *whose, char **reterr_message)
{
        static const IsolatorType types[] = { ISOLATOR_BLOCK_BANDWIDTH, ISOLATOR_BLOCK_IOPS,
                                              ISOLATOR_NETWORK_BANDWIDTH };

        for (size_t i = 0; i < ELEMENTSOF(types); i++) {
                const Isolator *found = isolators_find(isolators, n, types[i]);

                if (found && found->resource.limit == 0)
                        return explain(reterr_message, EINVAL,
                                       "%s: isolator %s: nothing would get through with a limit of 0", whose,
                                       found->name);
        }
        return 0;
}

int plan_check_bandwidth(const PodPlan *plan, char **reterr_message)
{
        const PodSettings *s = plan->settings;
        int r;

        r = check_limits(plan->manifest->isolators, plan->manifest->n_isolators, "pod", reterr_message);
        if (r < 0)
                return r;
        for (size_t i = 0; i < plan->n_apps; i++) {
                const App *app = plan->apps[i].app->app;
                _cleanup_free_ char *whose = strprintf("app '%s'", plan->apps[i].app->name);

                if (!whose)
                        return -ENOMEM;
                r = check_limits(app->isolators, app->n_isolators, whose, reterr_message);
                if (r < 0)
                        return r;
                if (isolators_find(app->isolators, app->n_isolators, ISOLATOR_NETWORK_BANDWIDTH))
                        return explain(reterr_message, EINVAL,
                                       "%s: isolator resource/network-bandwidth: the network is the whole pod's; set "
                                       "the limit for the pod",
                                       whose);
        }
        if (plan_network_bandwidth(plan) == 0)
                return 0;
        if (s->net && net_is_host(s->net))
                return explain(reterr_message, EINVAL,
                               "isolator resource/network-bandwidth: the host's own network cannot be "
                               "limited; use --net=default");
        for (size_t i = 0; i < s->n_joins; i++)
                if (!net_join_is_native(&s->joins[i]))
                        return explain(reterr_message, EINVAL,
                                       "isolator resource/network-bandwidth: network '%s' is made by CNI plugins; add "
                                       "the plugin 'bandwidth' to it instead",
                                       s->joins[i].name);
        return 0;
}
