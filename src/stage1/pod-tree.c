/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <dirent.h>
#include <inttypes.h>

#include "basic/fs.h"
#include "basic/path.h"
#include "config.h"
#include "stage1/app-launch.h"
#include "stage1/app-attach.h"
#include "stage1/app-beside.h"
#include "stage1/app-unit.h"
#include "stage1/pod-limits.h"
#include "stage1/pod-tree.h"

#define UNIT_DIR POD_UNIT_DIR

const char *pod_tree_unit_path(void)
{
        /* Transient units (machinectl shell, systemd-run -M) are looked up in the last two. */
        return "/" UNIT_DIR ":" PKGLIBDIR
               "/units:/run/systemd/system:/run/systemd/transient:/run/systemd/system.control";
}

static const char *const tree_directories[] = {
        "dev", "etc", "etc/pam.d", "etc/systemd", "etc/systemd/system.conf.d", UNIT_DIR, UNIT_DIR "/pod.target.d",
        "opt", "opt/stage2", "proc", "root", "run", "sys", "tmp", "usr", "var", "var/lib", "var/lib/podctl",
        "var/lib/podctl/status", "var/log", "var/log/journal", "var/tmp",
};

static const char *const tree_links[][2] = {
        { "../usr/lib/os-release", "etc/os-release" },
        /* The tools that take --machine= look for the bus below /var/run. */
        { "../run", "var/run" },
};

static const char *const tree_files[][2] = {
        { "etc/nsswitch.conf", "passwd: files\ngroup: files\nshadow: files\nhosts: files dns\n" },
        /* machinectl shell opens a session; nobody logs in with a password. */
        { "etc/pam.d/login",
          "auth required pam_deny.so\naccount required pam_permit.so\nsession required pam_permit.so\n" },
        { "etc/pam.d/other",
          "auth required pam_deny.so\naccount required pam_permit.so\nsession required pam_permit.so\n" },
        { "etc/shells", "/bin/sh\n/bin/bash\n" },
        { "etc/hosts", "127.0.0.1 localhost\n::1 localhost\n" },
};

/* /bin, /lib64 and their like are links into /usr on a host with a merged one; the pod has the same. */
static int link_like_host(int root_fd)
{
        _cleanup_closedir_ DIR *d = opendir("/");

        if (!d)
                return -errno;

        for (struct dirent *entry; (entry = readdir(d));) {
                char target[64];
                ssize_t n;

                if (entry->d_type != DT_LNK)
                        continue;
                n = readlinkat(dirfd(d), entry->d_name, target, sizeof(target) - 1);
                if (n <= 0)
                        continue;
                target[n] = 0;
                if (startswith(target, "usr/") && symlinkat(target, root_fd, entry->d_name) < 0 && errno != EEXIST)
                        return -errno;
        }
        return 0;
}

/* The buses that the host's /usr, which is also the pod's, may have. Some distributions have one of them, some have
 * both. */
static const struct {
        const char *program, *unit;
} buses[] = {
        { "/usr/bin/dbus-daemon", PKGLIBDIR "/units/dbus-daemon.service" },
        { "/usr/bin/dbus-broker-launch", PKGLIBDIR "/units/dbus-broker.service" },
};

/* A pod without a bus runs as well; systemctl -M and its like do not reach it. */
static int choose_bus(int root_fd)
{
        for (size_t i = 0; i < ELEMENTSOF(buses); i++)
                if (access(buses[i].program, X_OK) >= 0)
                        return symlinkat(buses[i].unit, root_fd, UNIT_DIR "/dbus.service") < 0 ? -errno : 0;
        return 0;
}

/* The journal has no other limits than its own; reading the kernel's messages is not a pod's business. Its files are
 * small: journald sizes tables in each by how large it may become, and has them in memory and on the disk from the
 * start. Of journald's 100 files at most, this many hold what the journal may be. */
#define JOURNAL_FILES 64

static int write_journal_config(const PlanJournal *journal, int root_fd)
{
        _cleanup_free_ char *age = NULL, *text = NULL;

        if (journal->max_age_usec > 0) {
                age = strprintf("MaxRetentionSec=%" PRIu64 "us\n", journal->max_age_usec);
                if (!age)
                        return -ENOMEM;
        }
        text = strprintf("[Journal]\nStorage=persistent\nReadKMsg=no\nAudit=no\nSplitMode=none\n"
                         /* Nothing is dropped: what is too old makes room, see journald.conf(5). */
                         "RateLimitIntervalSec=0\nSystemMaxUse=%" PRIu64
                         "\nSystemMaxFileSize=%" PRIu64 "\n%s",
                         journal->max_bytes, MAX(journal->max_bytes / JOURNAL_FILES, UINT64_C(524288)), strempty(age));
        return text ? write_string_at(root_fd, "etc/systemd/journald.conf", text, 0644) : -ENOMEM;
}

static int write_identity(const PodPlan *plan, int root_fd)
{
        _cleanup_free_ char *id = strdup(plan->uuid), *hostname = NULL;
        char *p = id;
        int r;

        hostname = strjoin(plan->settings->hostname ?: plan->settings->name, "\n");
        if (!id || !hostname)
                return -ENOMEM;
        for (const char *s = plan->uuid; *s; s++)
                if (*s != '-')
                        *p++ = *s;
        strcpy(p, "\n");

        r = write_string_at(root_fd, "etc/machine-id", id, 0444);
        return r < 0 ? r : write_string_at(root_fd, "etc/hostname", hostname, 0644);
}

static int write_manager_config(int root_fd)
{
        _cleanup_free_ char *text = NULL;
        int r = pod_limits_config(&text);

        return r < 0 ? r : write_string_at(root_fd, "etc/systemd/system.conf.d/podctl.conf", text, 0644);
}

int pod_tree_make(const PodPlan *plan, int root_fd)
{
        int r;

        for (size_t i = 0; i < ELEMENTSOF(tree_directories); i++)
                if (mkdirat(root_fd, tree_directories[i], 0755) < 0)
                        return -errno;
        for (size_t i = 0; i < ELEMENTSOF(tree_links); i++)
                if (symlinkat(tree_links[i][0], root_fd, tree_links[i][1]) < 0)
                        return -errno;
        for (size_t i = 0; i < ELEMENTSOF(tree_files); i++) {
                r = write_string_at(root_fd, tree_files[i][0], tree_files[i][1], 0644);
                if (r < 0)
                        return r;
        }
        if (fchmodat(root_fd, "tmp", 01777, 0) < 0 || fchmodat(root_fd, "var/tmp", 01777, 0) < 0)
                return -errno;

        r = link_like_host(root_fd);
        if (r < 0)
                return r;
        r = choose_bus(root_fd);
        if (r < 0)
                return r;
        r = write_manager_config(root_fd);
        if (r < 0)
                return r;
        r = write_journal_config(&plan->journal, root_fd);
        return r < 0 ? r : write_identity(plan, root_fd);
}

/* PID 1 starts a service as a numeric user only if the pod, not the app, knows the number. */
static int write_users(const PodPlan *plan, const AppIdentity *identities, int root_fd)
{
        _cleanup_free_ char *passwd = NULL, *group = NULL;
        size_t passwd_size, group_size;
        FILE *p = open_memstream(&passwd, &passwd_size), *g = open_memstream(&group, &group_size);
        int r;

        if (!p || !g)
                return -ENOMEM;

        /* The bus's user is messagebus to Debian and dbus to others: /usr/share/dbus-1/system.conf is the host's. */
        (void) fputs("root:x:0:0:root:/root:/bin/sh\nmessagebus:x:65533:65533::/nonexistent:/usr/sbin/nologin\n"
                     "dbus:x:65533:65533::/nonexistent:/usr/sbin/nologin\n"
                     "nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n", p);
        (void) fputs("root:x:0:\nsystemd-journal:x:65532:\nmessagebus:x:65533:\ndbus:x:65533:\nnogroup:x:65534:\n", g);
        for (size_t i = 0; i < plan->n_apps; i++) {
                if (identities[i].uid != 0)
                        (void) fprintf(p, "u%u:x:%u:%u::/:/bin/sh\n", identities[i].uid, identities[i].uid,
                                       identities[i].gid);
                if (identities[i].gid != 0)
                        (void) fprintf(g, "g%u:x:%u:\n", identities[i].gid, identities[i].gid);
                for (size_t j = 0; j < identities[i].n_groups; j++)
                        (void) fprintf(g, "g%u:x:%u:\n", identities[i].groups[j], identities[i].groups[j]);
        }
        if (fclose(p) != 0 || fclose(g) != 0)
                return -ENOMEM;

        r = write_string_at(root_fd, "etc/passwd", passwd, 0644);
        return r < 0 ? r : write_string_at(root_fd, "etc/group", group, 0644);
}

static int write_handlers(const PlanApp *app, const AppIdentity *identity, int root_fd)
{
        const AppIdentity root = { .binds = identity->binds };
        const struct {
                const char *name, *program;
                char *const *argv;
        } rows[] = {
                { LAUNCH_PRE_START, identity->pre_start, app->app->app->pre_start },
                { LAUNCH_POST_STOP, identity->post_stop, app->app->app->post_stop },
        };
        _cleanup_free_ char *path = strprintf(UNIT_DIR "/" HANDLERS_UNIT, app->app->name), *text = NULL;
        int r = path ? 0 : -ENOMEM;

        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(rows); i++)
                if (rows[i].program)
                        r = app_launch_write_command(app, &root, rows[i].name, rows[i].program, rows[i].argv, root_fd);
        if (r < 0)
                return r;
        r = app_handlers_format(app, identity, &text);
        return r < 0 ? r : write_string_at(root_fd, path, text, 0644);
}

static int write_check(const PlanApp *app, const AppIdentity *identity, HealthKind kind, int root_fd)
{
        _cleanup_strv_free_ char **words = NULL;
        int r = app_health_words(app, identity, kind, &words);

        return r < 0 || !words ? r : app_launch_write_words(app, app_health_files[kind], words, root_fd);
}

static int write_health(const PlanApp *app, const AppIdentity *identity, int root_fd)
{
        _cleanup_free_ char *path = strprintf(UNIT_DIR "/" HEALTH_UNIT, app->app->name), *text = NULL;
        int r;

        if (!path)
                return -ENOMEM;
        for (HealthKind kind = 0; kind < _HEALTH_KIND_MAX; kind++) {
                r = write_check(app, identity, kind, root_fd);
                if (r < 0)
                        return r;
        }
        r = app_health_format(app, &text);
        return r < 0 ? r : write_string_at(root_fd, path, text, 0644);
}

/* The part of the app's unit is in a file of its own. */
static int write_backoff(const PlanApp *app, int root_fd)
{
        const char *name = app->app->name;
        _cleanup_free_ char *directory = strprintf(UNIT_DIR "/%s.service.d", name),
                            *part = strprintf(UNIT_DIR "/%s.service.d/" BACKOFF_FILE, name),
                            *timer = strprintf(UNIT_DIR "/" STEADY_TIMER, name),
                            *service = strprintf(UNIT_DIR "/" STEADY_UNIT, name);
        const struct {
                const char *path;
                int (*format)(const PlanApp *app, char **ret);
        } rows[] = { { part, app_backoff_format }, { timer, app_steady_timer_format }, { service, app_steady_format } };
        int r = directory ? mkdir_p_at(root_fd, directory, 0755) : -ENOMEM;

        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(rows); i++) {
                _cleanup_free_ char *text = NULL;

                r = rows[i].path ? rows[i].format(app, &text) : -ENOMEM;
                if (r >= 0)
                        r = write_string_at(root_fd, rows[i].path, text, 0644);
        }
        return r;
}

static int write_attach(const PlanApp *app, int root_fd)
{
        _cleanup_free_ char *path = strprintf(UNIT_DIR "/" ATTACH_UNIT, app->app->name), *text = NULL;
        int r = path ? app_attach_format(app, &text) : -ENOMEM;

        return r < 0 ? r : write_string_at(root_fd, path, text, 0644);
}

static int write_hooks(const PlanApp *app, const AppIdentity *identity, int root_fd)
{
        int r = 0;

        for (AppHook hook = 0; r >= 0 && hook < _APP_HOOK_MAX; hook++) {
                _cleanup_strv_free_ char **words = NULL;

                r = app_hook_words(app, identity, hook, &words);
                if (r >= 0 && words)
                        r = app_launch_write_words(app, app_hook_files[hook], words, root_fd);
        }
        return r;
}

/* In the [Service] section, with which a unit's text ends. */
static int add_journal_fields(const PlanApp *app, char **text)
{
        STRV_FOREACH(field, app->journal_fields) {
                _cleanup_free_ char *quoted = NULL;
                char *longer;
                int r;

                r = unit_quote(*field, &quoted);
                if (r < 0)
                        return r;
                longer = strjoin(*text, "LogExtraFields=", quoted, "\n");
                if (!longer)
                        return -ENOMEM;
                free(*text);
                *text = longer;
        }
        return 0;
}

int pod_tree_add_app(const PodPlan *plan, const PlanApp *app, const AppIdentity *identity, int root_fd,
                     char **reterr_message)
{
        _cleanup_free_ char *path = strjoin(UNIT_DIR "/", app->app->name, ".service"), *text = NULL;
        int r;

        if (!path)
                return -ENOMEM;
        r = app_launch_write(app, identity, root_fd, reterr_message);
        if (r < 0)
                return r;
        r = app_unit_format(app, identity, plan->settings, &text);
        if (r < 0)
                return r;
        r = add_journal_fields(app, &text);
        if (r < 0)
                return r;
        r = write_string_at(root_fd, path, text, 0644);
        if (r < 0)
                return r;
        if (app_handlers_wanted(app))
                r = write_handlers(app, identity, root_fd);
        if (r < 0)
                return r;
        if (plan_app_is_attachable(app))
                r = write_attach(app, root_fd);
        if (r < 0)
                return r;
        if (app_health_wanted(app))
                r = write_health(app, identity, root_fd);
        if (r >= 0 && app_backoff_wanted(app))
                r = write_backoff(app, root_fd);
        return r < 0 ? r : write_hooks(app, identity, root_fd);
}

/* The unit that the pod is in may not be ours to limit; the slice of all its services is. But not for disks, which a
 * pod knows nothing of. */
static int write_slice(const PodPlan *plan, int root_fd)
{
        _cleanup_free_ char *text = strdup("[Slice]\n");
        bool any = false;
        int r;

        STRV_FOREACH(line, plan->limits) {
                _cleanup_free_ char *before = text;

                text = before && !startswith(*line, "IO") ? strjoin(before, *line, "\n")
                       : before                           ? strdup(before)
                                                          : NULL;
                any = any || !startswith(*line, "IO");
        }
        if (!text)
                return -ENOMEM;
        r = any ? mkdirat(root_fd, UNIT_DIR "/system.slice.d", 0755) : 0;
        if (r < 0)
                return -errno;
        return any ? write_string_at(root_fd, UNIT_DIR "/system.slice.d/50-pod.conf", text, 0644) : 0;
}

/* A timer inside, and not RuntimeMaxSec= of the pod's unit, which may not be ours to limit. */
static int write_deadline(const PodPlan *plan, int root_fd)
{
        _cleanup_free_ char *text = NULL;
        int r;

        if (plan->deadline_usec == 0)
                return 0;
        text = strprintf("[Unit]\nDescription=Deadline of the Pod\nDefaultDependencies=no\n"
                         "Conflicts=shutdown.target\nBefore=shutdown.target\n"
                         "[Timer]\nOnActiveSec=%" PRIu64 "us\nAccuracySec=100ms\n", plan->deadline_usec);
        if (!text)
                return -ENOMEM;
        r = write_string_at(root_fd, UNIT_DIR "/podctl-deadline.timer", text, 0644);
        return r < 0 ? r : write_string_at(root_fd, UNIT_DIR "/pod.target.d/deadline.conf",
                                           "[Unit]\nWants=podctl-deadline.timer\n", 0644);
}

int pod_tree_add_apps(const PodPlan *plan, const AppIdentity *identities, int root_fd, char **reterr_message)
{
        _cleanup_free_ char *wants = NULL, *text = NULL;
        _cleanup_strv_free_ char **names = NULL;
        int r;

        r = write_users(plan, identities, root_fd);
        if (r < 0)
                return r;
        r = write_slice(plan, root_fd);
        if (r >= 0)
                r = write_deadline(plan, root_fd);
        if (r < 0)
                return r;

        for (size_t i = 0; i < plan->n_apps; i++) {
                r = pod_tree_add_app(plan, &plan->apps[i], &identities[i], root_fd, reterr_message);
                if (r < 0)
                        return r;
                r = strv_extendf(&names, "%s.service", plan->apps[i].app->name);
                if (r < 0)
                        return r;
        }

        /* It ends the pod when nothing needs it any more. */
        if (appc_pod_is_mutable(plan->manifest) && strv_extend(&names, "podctl-apps.target") < 0)
                return -ENOMEM;
        wants = strv_join(names, " ");
        text = wants ? strprintf("[Unit]\nWants=%s\nAfter=%s\n", wants, wants) : NULL;
        return text ? write_string_at(root_fd, UNIT_DIR "/pod.target.d/apps.conf", text, 0644) : -ENOMEM;
}

static int write_dropin(int root_fd, const char *unit, const char *text)
{
        _cleanup_free_ char *directory = strjoin(UNIT_DIR "/", unit, ".d"),
                            *path = directory ? strjoin(directory, "/sockets.conf") : NULL;
        int r;

        if (!path)
                return -ENOMEM;
        r = mkdir_p_at(root_fd, directory, 0755);
        return r < 0 ? r : write_string_at(root_fd, path, text, 0644);
}

static int write_socket(const PodSocket *socket, int root_fd)
{
        _cleanup_free_ char *name = pod_socket_unit_name(socket), *path = name ? strjoin(UNIT_DIR "/", name) : NULL,
                            *text = NULL;
        int r = path ? pod_socket_format(socket, &text) : -ENOMEM;

        return r < 0 ? r : write_string_at(root_fd, path, text, 0644);
}

int pod_tree_add_sockets_of_app(const PlanApp *app, const PodSockets *sockets, int root_fd)
{
        _cleanup_free_ char *unit = strjoin(app->app->name, ".service"), *text = NULL;
        int r = unit ? 0 : -ENOMEM;

        for (size_t i = 0; r >= 0 && i < sockets->n; i++)
                if (sockets->items[i].app == app)
                        r = write_socket(&sockets->items[i], root_fd);
        if (r >= 0)
                r = pod_sockets_format_service(sockets, app, &text);
        return r < 0 || !text ? r : write_dropin(root_fd, unit, text);
}

int pod_tree_add_sockets(const PodPlan *plan, const PodSockets *sockets, int root_fd)
{
        _cleanup_free_ char *wants = strdup("[Unit]\n");
        int r = 0;

        for (size_t i = 0; i < sockets->n; i++) {
                _cleanup_free_ char *name = pod_socket_unit_name(&sockets->items[i]), *before = wants;

                wants = name && before ? strjoin(before, "Wants=", name, "\n") : NULL;
        }
        if (!wants)
                return -ENOMEM;
        for (size_t i = 0; i < plan->n_apps; i++) {
                r = pod_tree_add_sockets_of_app(&plan->apps[i], sockets, root_fd);
                if (r < 0)
                        return r;
        }
        return sockets->n == 0 ? 0 : write_dropin(root_fd, "-.slice", wants);
}
