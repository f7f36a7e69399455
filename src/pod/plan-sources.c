/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <linux/magic.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>

#include "basic/fs.h"
#include "pod/plan-sources.h"
#include "shared/explain.h"

#define DEPTH_MAX 8

bool source_may_have_devices(int directory_fd)
{
        struct statfs fs;

        return fstatfs(directory_fd, &fs) >= 0 && (fs.f_type == TMPFS_MAGIC || fs.f_type == RAMFS_MAGIC) &&
               !(fs.f_flags & ST_NODEV);
}

/* Allows a device in the form that systemd accepts whether or not the device has a name somewhere. */
static int allow(const struct stat *st, const char *access, char ***lines)
{
        _cleanup_free_ char *line = strprintf("DeviceAllow=/dev/%s/%u:%u %s", S_ISCHR(st->st_mode) ? "char" : "block",
                                              major(st->st_rdev), minor(st->st_rdev), access);

        if (!line)
                return -ENOMEM;
        return strv_contains(*lines, line) ? 0 : strv_consume(lines, TAKE_PTR(line));
}

static bool is_device(const struct stat *st)
{
        return S_ISCHR(st->st_mode) || S_ISBLK(st->st_mode);
}

static int allow_directory(int dir_fd, const char *path, const char *access, unsigned depth, char ***lines)
{
        _cleanup_close_ int fd = open_directory_at(dir_fd, path);
        _cleanup_strv_free_ char **names = NULL;
        int r;

        if (fd < 0 || depth > DEPTH_MAX || !source_may_have_devices(fd))
                return 0;
        r = list_directory_all_at(fd, ".", &names);
        STRV_FOREACH(name, names) {
                struct stat st;

                if (fstatat(fd, *name, &st, AT_SYMLINK_NOFOLLOW) < 0)
                        continue;
                r = is_device(&st) ? allow(&st, access, lines)
                    : S_ISDIR(st.st_mode) ? allow_directory(fd, *name, access, depth + 1, lines) : 0;
                if (r < 0)
                        return r;
        }
        return r;
}

/* In a user namespace, the start of the pod makes a device node for it (stage1/mount-source.c); apps cannot make
 * any. */
static const char *access_of(const PlanMount *m)
{
        return !m->map_ids ? m->device_access : strchr(m->device_access, 'w') ? "rwm" : "rm";
}

static int open_source(const PlanMount *m, struct stat *ret)
{
        int fd = open(m->source, O_PATH | O_CLOEXEC), r;

        if (fd < 0)
                return -errno;
        r = fstat(fd, ret) < 0 ? -errno : 0;
        (void) close(fd);
        return r;
}

/* Adds a line for the source if it is a device, or lines for the devices below it. */
static int devices_of_source(const PlanMount *m, const struct stat *st, char ***lines)
{
        if (is_device(st))
                return allow(st, access_of(m), lines);
        return S_ISDIR(st->st_mode) ? allow_directory(AT_FDCWD, m->source, access_of(m), 0, lines) : 0;
}

int plan_explain_format(const PlanMount *m, char **reterr_message)
{
        return explain(reterr_message, EINVAL, "%s: %s is not a %s, as its type says", m->what, m->source,
                       S_ISDIR(m->source_format) ? "directory" : S_ISREG(m->source_format) ? "file" : "socket");
}

static int resolve_source(const PlanMount *m, char ***lines, char **reterr_message)
{
        size_t before = strv_length(*lines);
        struct stat st;
        int r;

        r = open_source(m, &st);
        if (r == -ENOENT && (m->make_source || m->make_file))
                return 0;
        if (r < 0)
                return explain(reterr_message, r, "%s: source %s: %s", m->what, m->source, strerror(-r));
        if (m->source_format && m->source_format != (st.st_mode & S_IFMT))
                return plan_explain_format(m, reterr_message);
        r = m->device_access ? devices_of_source(m, &st, lines) : 0;
        if (r < 0)
                return r;
        if (m->is_device && strv_length(*lines) == before && !is_device(&st))
                return explain(reterr_message, ENODEV, "%s: %s is neither a device nor a directory of devices", m->what,
                               m->source);
        return 0;
}

static int add_app_devices(PlanApp *app, char *const *lines)
{
        static const char *const common[] = { "DevicePolicy=closed", "DeviceAllow=/dev/net/tun rwm",
                                              "DeviceAllow=char-pts rw" };
        int r = 0;

        for (size_t i = 0; i < ELEMENTSOF(common); i++) {
                r = strv_extend(&app->limits, common[i]);
                if (r < 0)
                        return r;
        }
        return strv_extend_strv(&app->limits, lines);
}

/* first: the first error, after which the other sources are still checked. */
int plan_resolve_app_sources(const PodPlan *plan, PlanApp *app, char **reterr_message)
{
        int first = 0, r;

        for (size_t i = 0; i < app->mounts.n; i++) {
                const PlanMount *m = &app->mounts.items[i];

                if (!m->device_access && !m->source_format)
                        continue;
                r = resolve_source(m, &app->devices, first < 0 ? NULL : reterr_message);
                first = first < 0 ? first : r;
        }
        if (app->open_paths && pod_plan_has_open_paths(plan)) {
                app->devices = strv_free(app->devices);
                return first;
        }
        r = pod_plan_private_users(plan) ? 0 : add_app_devices(app, app->devices);
        return first < 0 ? first : r;
}

int plan_resolve_sources(PodPlan *plan, char **reterr_message)
{
        int first = 0;

        for (size_t i = 0; i < plan->n_apps; i++) {
                int r = plan_resolve_app_sources(plan, &plan->apps[i], first < 0 ? NULL : reterr_message);

                first = first < 0 ? first : r;
        }
        return first;
}
