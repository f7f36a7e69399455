/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <inttypes.h>
#include <sys/capability.h>

#include "basic/fs.h"
#include "basic/path.h"
#include "config.h"
#include "inside/app-pids.h"
#include "inside/app-relay.h"
#include "inside/app-status.h"
#include "manifest/appc-image.h"
#include "pod/plan-seccomp.h"
#include "pod/pod-addresses.h"
#include "shared/explain.h"
#include "stage1/app-attach.h"
#include "stage1/app-launch.h"

/* The same as LAUNCH_BIN where the pod has it. */
#define LAUNCH_SOURCE PKGLIBDIR "/launch"

static uint64_t capability_mask(char *const *names)
{
        uint64_t mask = 0;

        STRV_FOREACH(name, names) {
                _cleanup_free_ char *full = strjoin("cap_", *name);
                cap_value_t c;

                if (full && cap_from_name(full, &c) >= 0)
                        mask |= UINT64_C(1) << c;
        }
        return mask;
}

/* The group itself is among them, as after a login. */
static int add_groups(const AppIdentity *identity, char ***words)
{
        _cleanup_strv_free_ char **groups = NULL;
        _cleanup_free_ char *joined = NULL;
        int r = 0;

        if (identity->uid != 0)
                r = strv_extendf(&groups, "%u", identity->gid);
        for (size_t i = 0; r >= 0 && i < identity->n_groups; i++)
                if (identity->uid == 0 || identity->groups[i] != identity->gid)
                        r = strv_extendf(&groups, "%u", identity->groups[i]);
        if (r < 0)
                return r;
        joined = groups ? strv_join(groups, ",") : NULL;
        return joined ? strv_extendf(words, "--groups=%s", joined) : groups ? -ENOMEM : 0;
}

/* An option that names one of the app's own files. Its path depends on whether the launcher starts in the app's root or
 * in the pod's. */
static int add_file(const PlanApp *app, const char *option, const char *name, bool joins, char ***words)
{
        return joins ? strv_extendf(words, "%s=%s/%s", option, app->files, name)
                     : strv_extendf(words, "%s=" LAUNCH_FILES "/%s", option, name);
}

static int add_filter(const PlanApp *app, bool joins, char ***words)
{
        PlanFilter filter = plan_filter_kind(app);

        if (filter == PLAN_FILTER_USUAL)
                return strv_extendf(words, "--filter=%s/" LAUNCH_DEFAULT_FILTER, joins ? LAUNCH_SOURCE : LAUNCH_BIN);
        return filter == PLAN_FILTER_OWN ? add_file(app, "--filter", LAUNCH_FILTER, joins, words) : 0;
}

/* What the app or its image says. If neither says anything, it is set for apps that are not root and whose image has no
 * program that would give privileges: nothing is lost then, except for what a volume might bring. */
static bool wants_no_new_privs(const PlanApp *app, const AppIdentity *identity, bool as_root)
{
        const App *a = app->app->app;

        if (isolators_find(a->isolators, a->n_isolators, ISOLATOR_NO_NEW_PRIVS))
                return isolators_no_new_privs(a->isolators, a->n_isolators);
        return !as_root && identity->uid != 0 && !app->privileged_image;
}

/* With the kernel's numbers: the launcher has no table of names. */
static int add_limit(const char *assignment, char ***words)
{
        _cleanup_free_ char *name = NULL, *value = NULL;
        uint64_t soft, hard;
        int r;

        r = split_pair(assignment, '=', &name, &value);
        if (r < 0)
                return r;
        r = rlimit_parse(value, &soft, &hard);
        if (r < 0)
                return r;
        return strv_extendf(words, "--limit=%i:%" PRIu64 ":%" PRIu64 ":%s", rlimit_from_string(name), soft, hard, name);
}

static int add_limits(const PlanApp *app, char ***words)
{
        STRV_FOREACH(line, app->limits) {
                const char *limit = startswith(*line, PLAN_RLIMIT);
                int r = limit ? add_limit(limit, words) : 0;

                if (r < 0)
                        return r;
        }
        return 0;
}

static int add_confinement(const PlanApp *app, const AppIdentity *identity, bool as_root, bool joins, char ***words)
{
        int r = 0;

        if (!app->unrestricted)
                r = strv_extendf(words, "--capabilities=%" PRIx64, capability_mask(app->capabilities));
        else if (app->left_out)
                r = strv_extendf(words, "--capabilities=%" PRIx64, ~capability_mask(app->left_out));
        if (r >= 0 && app->ambient)
                r = strv_extendf(words, "--ambient=%" PRIx64, strv_contains(app->ambient, "ALL")
                                                                      ? UINT64_MAX
                                                                      : capability_mask(app->ambient));
        if (r < 0)
                return r;
        if (wants_no_new_privs(app, identity, as_root))
                r = strv_extend(words, "--no-new-privileges=1");
        if (r < 0)
                return r;
        r = add_filter(app, joins, words);
        if (r < 0)
                return r;
        r = add_limits(app, words);
        if (r < 0)
                return r;
        if (app->apparmor)
                r = strv_extendf(words, "--apparmor=%s", app->apparmor);
        if (r < 0)
                return r;
        if (app->selinux)
                r = strv_extendf(words, "--selinux=%s", app->selinux);
        return r;
}

static int add_user(const AppIdentity *identity, char ***words)
{
        int r;

        r = strv_extendf(words, "--uid=%u", identity->uid);
        if (r < 0)
                return r;
        r = strv_extendf(words, "--gid=%u", identity->gid);
        return r < 0 ? r : add_groups(identity, words);
}

/* Its user and how it is confined, up to the program. */
static int add_rest(const PlanApp *app, const AppIdentity *identity, bool as_root, bool joins, char ***words)
{
        int r = as_root ? 0 : add_user(identity, words);

        if (r < 0)
                return r;
        r = add_confinement(app, identity, as_root, joins, words);
        if (r < 0)
                return r;
        r = strv_extendf(words, "--directory=%s", as_root ? "/" : app->app->app->working_directory ?: "/");
        return r < 0 ? r : add_file(app, "--environment", LAUNCH_ENVIRONMENT, joins, words);
}

#define CGROUPS "/sys/fs/cgroup"

/* What Docker and rkt protect and hide, including the control groups of the pod: a process that may write there has no
 * limits. */
#define PROTECTED "/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger", CGROUPS

static const char *const protected_paths[] = { PROTECTED, NULL };
/* Where systemd-nspawn does not. */
static const char *const protected_with_sys[] = { "/sys", PROTECTED, NULL };

static const char *const hidden_paths[] = {
        "/proc/acpi", "/proc/asound", "/proc/config.gz", "/proc/kallsyms", "/proc/kcore", "/proc/keys", "/proc/kmem",
        "/proc/latency_stats", "/proc/mem", "/proc/sched_debug", "/proc/scsi", "/proc/timer_list", "/proc/timer_stats",
        "/sys/devices/virtual/powercap", "/sys/firmware", "/sys/hypervisor", "/sys/module", "/sys/power", NULL,
};

/* If a volume is mounted at or above the path, the path is the app's own. */
static bool is_bound(char *const *binds, const char *path)
{
        STRV_FOREACH(bind, binds)
                if (path_is_at_or_below(path, strchr(*bind, ':') + 1))
                        return true;
        return false;
}

/* more: further paths, with ':' between them, whatever is bound there; NULL: none. */
static int add_path_option(const char *option, const char *const *paths, const char *more, char *const *binds,
                           char ***words)
{
        _cleanup_strv_free_ char **kept = NULL;
        _cleanup_free_ char *joined = NULL;
        int r = 0;

        for (; r >= 0 && *paths; paths++)
                if (!is_bound(binds, *paths))
                        r = strv_extend(&kept, *paths);
        if (r >= 0 && more)
                r = strv_extend(&kept, more);
        if (r < 0 || !kept)
                return r;
        joined = strv_join(kept, ":");
        return joined ? strv_extendf(words, "%s=%s", option, joined) : -ENOMEM;
}

static bool is_below_any(const char *path, const char *const *parents)
{
        for (; *parents; parents++)
                if (path_is_at_or_below(path, *parents))
                        return true;
        return false;
}

/* Volumes below what is protected are as they were given; all around them stays protected. */
static int add_kept(const char *const *protected, char *const *binds, char ***words)
{
        STRV_FOREACH(bind, binds) {
                const char *target = strchr(*bind, ':') + 1;
                int r = is_below_any(target, protected) ? strv_extendf(words, "--keep=%s", target) : 0;

                if (r < 0)
                        return r;
        }
        return 0;
}

static int add_proc_paths(char ***words)
{
        static const char *const protected_by_nspawn[] = {
                "/proc/acpi", "/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger", NULL,
        }, *const hidden_by_nspawn[] = {
                "/proc/kallsyms", "/proc/kcore", "/proc/keys", "/proc/sched_debug", "/proc/timer_list", NULL,
        };
        int r = add_path_option("--protect", protected_by_nspawn, NULL, NULL, words);

        return r < 0 ? r : add_path_option("--hide", hidden_by_nspawn, NULL, NULL, words);
}

/* Volumes that systemd mounts in the pod's /proc, for that of the app's PID namespace. */
static int add_carried(char *const *binds, char ***words)
{
        STRV_FOREACH(bind, binds) {
                const char *target = strchr(*bind, ':') + 1;
                int r = path_is_at_or_below(target, "/proc") ? strv_extendf(words, "--carry=%s", target) : 0;

                if (r < 0)
                        return r;
        }
        return 0;
}

/* Unless the pod's have to stay, since the app has a volume there. */
static int add_cgroups(char *const *binds, char ***words)
{
        STRV_FOREACH(bind, binds) {
                const char *target = strchr(*bind, ':') + 1;

                if (path_is_at_or_below(CGROUPS, target) || path_is_at_or_below(target, CGROUPS))
                        return 0;
        }
        return strv_extend(words, "--cgroups=own");
}

static int add_paths(const PlanApp *app, const AppIdentity *identity, char ***words)
{
        char *const *annotations = app->app->annotations;
        const char *read_only = strv_env_get(annotations, APPC_ANNOTATION_READ_ONLY),
                   *masked = strv_env_get(annotations, APPC_ANNOTATION_MASKED);
        const char *const *protected = app->protects_sys ? protected_with_sys : protected_paths;
        int r;

        /* What systemd-nspawn protects and hides, in any case: the new /proc does not have it yet. */
        if (app->open_paths)
                return app->own_pids && !app->open_proc ? add_proc_paths(words) : 0;
        r = add_path_option("--protect", protected, read_only, identity->binds, words);
        if (r < 0)
                return r;
        r = add_kept(protected, identity->binds, words);
        return r < 0 ? r : add_path_option("--hide", hidden_paths, masked, identity->binds, words);
}

/* Directories of processes, whose numbers may belong to others when systemd mounts there; and our own files. */
static bool is_refused(const char *path)
{
        static const char *const refused[] = { "/proc/self", "/proc/thread-self", LAUNCH_BIN, LAUNCH_FILES, NULL };
        const char *name = startswith(path, "/proc/");

        return is_below_any(path, refused) || (name && strspn(name, DIGITS) == strcspn(name, "/") && *name);
}

/* The kernel's own /proc of the app's PID namespace replaces it. */
static bool is_replaced(const PlanApp *app, const char *path)
{
        return app->own_pids && streq(path, "/proc");
}

/* A volume below the place could not be seen, and one at the place would be what programs take for the secrets. */
static bool is_at_secrets(const PlanApp *app, const char *path)
{
        return app->app->n_credentials > 0 && path_is_at_or_below(path, LAUNCH_SECRETS);
}

int app_launch_check_binds(const PlanApp *app, char *const *binds, char **reterr_message)
{
        STRV_FOREACH(bind, binds) {
                const char *target = strchr(*bind, ':') + 1;

                if (is_refused(target))
                        return explain(reterr_message, EINVAL, "app '%s': no volume can be mounted at %s",
                                       app->app->name, target);
                if (is_replaced(app, target))
                        return explain(reterr_message, EINVAL,
                                       "app '%s': a volume at /proc needs the pod's processes; use --pids=shared",
                                       app->app->name);
                if (is_at_secrets(app, target))
                        return explain(reterr_message, EINVAL,
                                       "app '%s': no volume can be mounted at %s, since the app's credentials are at "
                                       LAUNCH_SECRETS, app->app->name, target);
                for (const char *const *hidden = hidden_paths; !app->open_paths && *hidden; hidden++)
                        if (path_is_at_or_below(target, *hidden) && !streq(target, *hidden))
                                return explain(reterr_message, EINVAL,
                                               "app '%s': a volume at %s could not be seen, since %s is hidden; use "
                                               "--insecure-options=paths",
                                               app->app->name, target, *hidden);
        }
        return 0;
}

/* The secrets themselves never are among the words. */
static int add_credentials(const PlanApp *app, char ***words)
{
        int r;

        if (app->app->n_credentials == 0)
                return 0;
        r = strv_extendf(words, "--credentials=" CREDENTIALS_DIRECTORY, app->app->name);
        for (size_t i = 0; r >= 0 && i < app->app->n_credentials; i++)
                if (app->app->credentials[i].variable)
                        r = strv_extendf(words, "--secret=%s=%s", app->app->credentials[i].variable,
                                         app->app->credentials[i].name);
        return r;
}

/* With host_devices, all mounts are there, and none is systemd's. */
static int add_shared(char *const *shared, char ***words)
{
        STRV_FOREACH(pair, shared) {
                int r = strv_extendf(words, "--share=%s", *pair);

                if (r < 0)
                        return r;
        }
        return 0;
}

static int launch_words(const PlanApp *app, const AppIdentity *identity, bool as_root, const char *pids, char ***ret)
{
        _cleanup_strv_free_ char **words = NULL;
        int r;

        r = strv_extend(&words, LAUNCH_BIN "/" LAUNCH_PROGRAM);
        if (r >= 0 && (app->own_pids || streq(pids, PIDS_HOST) || streq(pids, PIDS_POD_NOTIFY)))
                r = strv_extendf(&words, "--pids=%s", pids);
        if (r >= 0 && app->pids_of)
                r = strv_extendf(&words, "--pids-of=%s.service", app->pids_of);
        if (r >= 0 && app->own_pids)
                r = add_carried(identity->binds, &words);
        if (r >= 0 && app->own_pids)
                r = add_cgroups(identity->binds, &words);
        if (r >= 0 && !app->host_devices)
                r = add_shared(identity->shared, &words);
        if (r >= 0 && app->host_devices)
                r = strv_extend(&words, "--devices=host");
        if (r < 0)
                return r;
        if (!as_root && identity->program)
                r = add_credentials(app, &words);
        if (r < 0)
                return r;
        r = add_paths(app, identity, &words);
        if (r < 0)
                return r;
        r = add_rest(app, identity, as_root, false, &words);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(words);
        return 0;
}

int app_launch_words(const PlanApp *app, const AppIdentity *identity, bool as_root, char ***ret)
{
        return launch_words(app, identity, as_root, PIDS_BESIDE, ret);
}

int app_join_words(const PlanApp *app, const AppIdentity *identity, bool as_root, const char *pid, char ***ret)
{
        _cleanup_strv_free_ char **words = NULL;
        int r;

        r = strv_extend(&words, LAUNCH_SOURCE "/" LAUNCH_PROGRAM);
        if (r < 0)
                return r;
        if (pid)
                r = strv_extendf(&words, "--join=%s", pid);
        if (r < 0)
                return r;
        r = strv_extendf(&words, "--unit=%s", app->unit);
        if (r < 0)
                return r;
        r = add_rest(app, identity, as_root, true, &words);
        if (r < 0)
                return r;
        if (app->app->n_credentials > 0)
                r = strv_extendf(&words, "--env=CREDENTIALS_DIRECTORY=" CREDENTIALS_DIRECTORY, app->app->name);
        if (r < 0)
                return r;
        r = add_credentials(app, &words);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(words);
        return 0;
}

int app_launch_mounts(const PlanApp *app, char ***ret)
{
        _cleanup_strv_free_ char **mounts = NULL;
        int r;

        r = strv_extend(&mounts, LAUNCH_SOURCE ":" LAUNCH_BIN);
        if (r < 0)
                return r;
        r = strv_extendf(&mounts, "/" LAUNCH_POD_FILES "/%s:" LAUNCH_FILES, app->app->name);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(mounts);
        return 0;
}

int app_launch_kernel_mounts(char *const *binds, char ***ret)
{
        static const char *const paths[] = { "/dev", "/proc", "/sys" };
        _cleanup_strv_free_ char **mounts = NULL;

        for (size_t i = 0; i < ELEMENTSOF(paths); i++) {
                int r = is_bound(binds, paths[i]) ? 0 : strv_extend(&mounts, paths[i]);

                if (r < 0)
                        return r;
        }
        *ret = TAKE_PTR(mounts);
        return 0;
}

int app_launch_write_words(const PlanApp *app, const char *name, char *const *words, int root_fd)
{
        _cleanup_free_ char *path = strjoin(LAUNCH_POD_FILES "/", app->app->name, "/", name), *data = NULL;
        size_t size;
        FILE *f = open_memstream(&data, &size);

        if (!f)
                return -ENOMEM;
        STRV_FOREACH(word, words)
                (void) fwrite(*word, strlen(*word) + 1, 1, f);
        if (fclose(f) != 0 || !path)
                return -ENOMEM;
        return write_file_at(root_fd, path, data, size, 0400);
}

static int write_own_filter(const PlanApp *app, int root_fd, const char *path, char **reterr_message)
{
        _cleanup_seccomp_ scmp_filter_ctx ctx = NULL;
        _cleanup_free_ void *data = NULL;
        size_t n;
        int r;

        r = plan_filter_make(app, &ctx, reterr_message);
        if (r < 0)
                return r;
        r = seccomp_filter_export(ctx, &data, &n);
        if (r < 0)
                return r;
        return write_file_at(root_fd, path, data, n, 0400);
}

static int write_filter(const PlanApp *app, int root_fd, char **reterr_message)
{
        _cleanup_free_ char *path = strjoin(LAUNCH_POD_FILES "/", app->app->name, "/" LAUNCH_FILTER);
        int r;

        if (!path)
                return -ENOMEM;
        if (plan_filter_kind(app) != PLAN_FILTER_OWN)
                return 0;
        r = write_own_filter(app, root_fd, path, reterr_message);
        return r < 0 ? explain_context(reterr_message, -r, "app '%s': cannot filter its system calls", app->app->name)
                     : 0;
}

bool app_launch_wants_host_journal(const PlanApp *app)
{
        return app->log == PLAN_LOG_BOTH || app->log == PLAN_LOG_HOST;
}

static int add_outputs(const PlanApp *app, char ***words)
{
        _cleanup_free_ char *fields = NULL;
        int r;

        r = strv_extendf(words, "--relay=%s", plan_log_to_string(app->log));
        if (r < 0 || !app_launch_wants_host_journal(app))
                return r;
        fields = strv_join(app->journal_fields, "\n");
        return fields ? strv_extendf(words, "--fields=SYSLOG_IDENTIFIER=%s\n%s\n", app->app->name, fields) : -ENOMEM;
}

/* The addresses of the pod and the host, where the words refer to them. */
static int add_words(const PlanApp *app, char *const *argv, char ***words)
{
        STRV_FOREACH(word, argv) {
                char *expanded;
                int r = pod_addresses_expand(app->addresses, *word, &expanded);

                if (r >= 0)
                        r = strv_consume(words, expanded);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int add_stdio(const PlanApp *app, char ***words)
{
        _cleanup_free_ char *kinds = NULL;
        int r = app_attach_words(app, &kinds);

        return r < 0 || !kinds ? r : strv_extendf(words, "--stdio=%s", kinds);
}

/* On the host there is no PID 1 of a pod. */
static const char *start_pids(const PlanApp *app)
{
        if (app->notify)
                return app->own_pids || app->host_devices ? PIDS_NOTIFY : PIDS_POD_NOTIFY;
        return app->host_devices ? PIDS_HOST : PIDS_MAIN;
}

int app_launch_write_command(const PlanApp *app, const AppIdentity *identity, const char *name, const char *program,
                             char *const *argv, int root_fd)
{
        char *const what[] = { (char *) "--", (char *) program, NULL };
        const char *pids = streq(name, LAUNCH_START) ? start_pids(app) : PIDS_BESIDE;
        _cleanup_strv_free_ char **words = NULL;
        int r;

        r = launch_words(app, identity, false, pids, &words);
        if (r < 0)
                return r;
        r = add_outputs(app, &words);
        /* Only whoever starts an app of a mutable pod asks. */
        if (r >= 0 && app->leaves_pod && streq(name, LAUNCH_START))
                r = strv_extendf(&words, "--reason=" LAUNCH_FILES "/" LAUNCH_STATUS "/" STATUS_REASON_PREFIX "%s",
                                 app->app->name);
        if (r >= 0 && app->notify && streq(name, LAUNCH_START))
                r = strv_extendf(&words, "--ready=" LAUNCH_FILES "/" LAUNCH_STATUS "/" STATUS_READY_PREFIX "%s",
                                 app->app->name);
        if (r >= 0 && app->restart && streq(name, LAUNCH_START))
                r = strv_extendf(&words, "--restarts=%s", app->app->name);
        if (r >= 0 && streq(name, LAUNCH_START))
                r = add_stdio(app, &words);
        if (r < 0)
                return r;
        r = strv_extend_strv(&words, what);
        if (r < 0)
                return r;
        r = add_words(app, argv, &words);
        /* The first is the launcher itself. */
        return r < 0 ? r : app_launch_write_words(app, name, words + 1, root_fd);
}

int app_launch_write(const PlanApp *app, const AppIdentity *identity, int root_fd, char **reterr_message)
{
        _cleanup_free_ char *directory = strjoin(LAUNCH_POD_FILES "/", app->app->name, "/" LAUNCH_STATUS);
        _cleanup_strv_free_ char **environment = NULL;
        int r;

        if (!directory)
                return -ENOMEM;
        r = app_environment(app, identity, &environment);
        if (r < 0)
                return r;
        r = mkdir_p_at(root_fd, directory, 0700);
        if (r < 0)
                return r;
        r = write_filter(app, root_fd, reterr_message);
        if (r < 0)
                return r;
        r = app_launch_write_words(app, LAUNCH_ENVIRONMENT, environment, root_fd);
        return r < 0 ? r : app_launch_write_command(app, identity, LAUNCH_START, identity->program, app->app->app->exec,
                                                    root_fd);
}
