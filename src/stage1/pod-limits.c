/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <inttypes.h>
#include <sched.h>
#include <sys/capability.h>
#include <sys/resource.h>

#include "basic/fs.h"
#include "basic/path.h"
#include "shared/explain.h"
#include "stage1/pod-limits.h"

#define APPARMOR_PROFILES "/sys/kernel/security/apparmor/profiles"
#define OOM_SCORE "/proc/self/oom_score_adj"
#define OOM_NEVER_FILE "/proc/self/oom_adj"
#define OOM_NEVER "-17" /* OOM_DISABLE of linux/oom.h */
#define SELINUX_CONTEXT "/sys/fs/selinux/context"

/* The kernel has made the file, or there is none. */
static int write_kernel_file(const char *path, const char *text)
{
        _cleanup_close_ int fd = open(path, O_WRONLY | O_CLOEXEC);

        if (fd < 0)
                return -errno;
        return write(fd, text, strlen(text)) < 0 ? -errno : 0;
}

/* "NAME (MODE)", a line each. */
static bool has_profile(const char *profiles, const char *name)
{
        size_t n = strlen(name);

        for (const char *p = profiles; p && *p; p = (p = strchr(p, '\n')) ? p + 1 : NULL)
                if (strncmp(p, name, n) == 0 && strncmp(p + n, " (", 2) == 0)
                        return true;
        return false;
}

int app_labels_check(const PlanApp *app, char **reterr_message)
{
        _cleanup_free_ char *profiles = NULL;
        int r;

        if (app->apparmor) {
                r = read_file_at(AT_FDCWD, APPARMOR_PROFILES, 4 * 1024 * 1024, &profiles, NULL);
                if (r < 0)
                        return explain(reterr_message, ENOENT,
                                       "app '%s': AppArmor profile '%s': this host has no AppArmor", app->app->name,
                                       app->apparmor);
                if (!has_profile(profiles, app->apparmor))
                        return explain(reterr_message, ENOENT,
                                       "app '%s': there is no AppArmor profile '%s'; load it with apparmor_parser",
                                       app->app->name, app->apparmor);
        }
        if (app->selinux) {
                r = write_kernel_file(SELINUX_CONTEXT, app->selinux);
                if (r == -EINVAL)
                        return explain(reterr_message, EINVAL, "app '%s': SELinux's policy has no context '%s'",
                                       app->app->name, app->selinux);
                if (r < 0)
                        return explain(reterr_message, ENOENT,
                                       "app '%s': SELinux context '%s': this host has no SELinux", app->app->name,
                                       app->selinux);
        }
        return 0;
}

/* Parameters of the IPC namespace are written in one of the pod's own, which is then left to the pod; those of the
 * network namespace in the one that this process has joined. */
static int write_sysctls(const PodPlan *plan, char **reterr_message)
{
        const Isolator *i = isolators_find(plan->manifest->isolators, plan->manifest->n_isolators, ISOLATOR_SYSCTL);
        bool own_ipc = false;

        /* The namespace that this process is in. */
        if (pod_settings_shares_ipc(plan->settings) && setenv("SYSTEMD_NSPAWN_SHARE_NS_IPC", "1", 1) < 0)
                return -errno;

        STRV_FOREACH(s, i ? i->sysctl : NULL)
                own_ipc = own_ipc || !startswith(*s, "net");
        if (own_ipc && (unshare(CLONE_NEWIPC) < 0 || setenv("SYSTEMD_NSPAWN_SHARE_NS_IPC", "1", 1) < 0))
                return -errno;

        STRV_FOREACH(s, i ? i->sysctl : NULL) {
                _cleanup_free_ char *name = NULL, *value = NULL, *path = NULL;
                int r;

                r = split_pair(*s, '=', &name, &value);
                path = r < 0 ? NULL : strjoin("/proc/sys/", name);
                if (!path)
                        return -ENOMEM;
                /* As sysctl(8) has it: a name with slashes keeps its dots. */
                for (char *p = path + strlen("/proc/sys/"); !strchr(name, '/') && *p; p++)
                        if (*p == '.')
                                *p = '/';
                r = write_kernel_file(path, strempty(value));
                if (r < 0)
                        return explain(reterr_message, -r, "isolator os/unix/sysctl: cannot set '%s' to '%s': %s", name,
                                       strempty(value), strerror(-r));
        }
        return 0;
}

static int read_oom_score(int64_t *ret)
{
        _cleanup_free_ char *text = NULL;
        int r = read_file_at(AT_FDCWD, OOM_SCORE, 64, &text, NULL);

        if (r >= 0)
                *ret = strtoll(text, NULL, 10);
        return r;
}

static int write_oom_score(int64_t score)
{
        char text[24];

        (void) snprintf(text, sizeof(text), "%" PRIi64, score);
        return write_kernel_file(OOM_SCORE, text);
}

static int write_oom_score_limit(int64_t score, cap_t without)
{
        const cap_value_t resource = CAP_SYS_RESOURCE;
        int64_t own;
        int r = read_oom_score(&own);

        if (r >= 0)
                r = write_oom_score(MIN(score, own));
        if (r < 0)
                return r;
        if (cap_set_flag(without, CAP_EFFECTIVE, 1, &resource, CAP_CLEAR) < 0 || cap_set_proc(without) < 0)
                return -errno;
        return write_oom_score(own);
}

/* How low the pod's processes may put their OOM scores: the kernel remembers what a privileged process wrote last, and
 * hands it on to children (proc(5), oom_score_adj). Going back to our own score is not to be remembered, and so is done
 * without the privilege. */
static int lower_oom_score_limit(int64_t score)
{
        cap_t before = cap_get_proc(), without = cap_get_proc();
        int r = before && without ? write_oom_score_limit(score, without) : -ENOMEM;

        if (before && cap_set_proc(before) < 0 && r >= 0)
                r = -errno;
        (void) cap_free(before);
        (void) cap_free(without);
        return r;
}

int pod_limits_config(char **ret)
{
        int64_t score;
        int r = read_oom_score(&score);

        if (r < 0)
                return r;
        *ret = strprintf("[Manager]\nDefaultOOMScoreAdjust=%" PRIi64 "\n", score);
        return *ret ? 0 : -ENOMEM;
}

/* Through the older of the two files (proc(5), oom_adj), which the kernel does not remember as the limit: apps cannot
 * follow. */
void pod_limits_spare(void)
{
        int r = write_kernel_file(OOM_NEVER_FILE, OOM_NEVER);

        if (r < 0)
                log_debug_errno(r, "Failed to spare the pod's PID 1 when memory runs out, ignoring: %m");
}

/* The highest of the apps' hard limits. False: none names the resource. */
static bool wanted_rlimit(const PodPlan *plan, int resource, rlim_t *ret, const PlanApp **ret_app)
{
        bool found = false;

        *ret = 0;
        for (size_t i = 0; i < plan->n_apps; i++) {
                const App *app = plan->apps[i].app->app;
                const Isolator *limits = isolators_find(app->isolators, app->n_isolators, ISOLATOR_RLIMITS);
                const char *value = limits ? strv_env_get(limits->rlimits, rlimit_to_string(resource)) : NULL;
                uint64_t soft, hard;

                if (!value || rlimit_parse(value, &soft, &hard) < 0 || (found && hard <= *ret))
                        continue;
                found = true;
                *ret = hard; /* RLIM_INFINITY is UINT64_MAX */
                *ret_app = &plan->apps[i];
        }
        return found;
}

/* In a user namespace, no process can raise the limits that it had when it entered. */
static int raise_rlimits(const PodPlan *plan, char **reterr_message)
{
        for (int resource = 0; resource < RLIM_NLIMITS; resource++) {
                const PlanApp *app;
                struct rlimit now;
                rlim_t wanted;

                if (!wanted_rlimit(plan, resource, &wanted, &app))
                        continue;
                if (getrlimit(resource, &now) < 0)
                        return -errno;
                if (wanted <= now.rlim_max)
                        continue;
                if (setrlimit(resource, &(struct rlimit) { now.rlim_cur, wanted }) < 0)
                        return explain(reterr_message, errno,
                                       "app '%s': limit %s: this host allows no more than %llu: %s", app->app->name,
                                       rlimit_to_string(resource), (unsigned long long) now.rlim_max, strerror(errno));
        }
        return 0;
}

static void print_rlimit(char *buffer, size_t size, rlim_t value)
{
        if (value == RLIM_INFINITY)
                (void) snprintf(buffer, size, "infinity");
        else
                (void) snprintf(buffer, size, "%llu", (unsigned long long) value);
}

int pod_limits_arguments(const PodPlan *plan, char ***argv)
{
        for (int resource = 0; resource < RLIM_NLIMITS; resource++) {
                char soft[24], hard[24];
                const PlanApp *app;
                struct rlimit now;
                rlim_t wanted;
                int r;

                if (!wanted_rlimit(plan, resource, &wanted, &app))
                        continue;
                if (getrlimit(resource, &now) < 0)
                        return -errno;
                print_rlimit(soft, sizeof(soft), now.rlim_cur);
                print_rlimit(hard, sizeof(hard), now.rlim_max);
                r = strv_extendf(argv, "--rlimit=%s=%s:%s", rlimit_to_string(resource), soft, hard);
                if (r < 0)
                        return r;
        }
        return 0;
}

int pod_limits_set(const PodPlan *plan, char **reterr_message)
{
        int64_t lowest = 0;
        int r;

        for (size_t i = 0; i < plan->n_apps; i++) {
                const App *app = plan->apps[i].app->app;
                const Isolator *score = isolators_find(app->isolators, app->n_isolators, ISOLATOR_OOM_SCORE_ADJ);

                if (score)
                        lowest = MIN(lowest, score->number);
                r = app_labels_check(&plan->apps[i], reterr_message);
                if (r < 0)
                        return r;
        }
        if (lowest < 0) {
                r = lower_oom_score_limit(lowest);
                if (r < 0)
                        return explain(reterr_message, -r, "cannot allow an OOM score of %i: %s", (int) lowest,
                                       strerror(-r));
        }
        r = raise_rlimits(plan, reterr_message);
        return r < 0 ? r : write_sysctls(plan, reterr_message);
}
