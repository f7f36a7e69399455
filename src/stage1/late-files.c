/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <sys/stat.h>

#include "basic/fs.h"
#include "basic/strv.h"
#include "stage1/app-attach.h"
#include "stage1/app-beside.h"
#include "stage1/app-unit.h"
#include "stage1/late-files.h"

#define FILE_MAX (64U * 1024 * 1024)

static int copy_file(int from_fd, int to_fd, const char *name, mode_t mode)
{
        _cleanup_free_ char *data = NULL;
        _cleanup_close_ int fd = -EBADF;
        size_t n;
        int r = read_file_at(from_fd, name, FILE_MAX, &data, &n);

        if (r < 0)
                return r;
        r = rm_rf_at(to_fd, name);
        /* A place where something is mounted needs no other file below that. */
        if (r < 0)
                return r == -EBUSY ? 0 : r;
        fd = openat(to_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode & 0777);
        return fd < 0 ? -errno : loop_write(fd, data, n);
}

int late_files_copy(int from_fd, const char *from, int to_fd, const char *to)
{
        _cleanup_close_ int source = open_directory_at(from_fd, from), target = -EBADF;
        _cleanup_strv_free_ char **names = NULL;
        struct stat st;
        int r;

        if (source < 0)
                return source;
        if (fstat(source, &st) < 0)
                return -errno;
        target = mkdir_open_at(to_fd, to, st.st_mode & 0777);
        r = target < 0 ? target : list_directory_all_at(source, ".", &names);
        STRV_FOREACH(name, names) {
                if (r < 0)
                        break;
                if (fstatat(source, *name, &st, AT_SYMLINK_NOFOLLOW) < 0)
                        return -errno;
                if (S_ISREG(st.st_mode))
                        r = copy_file(source, target, *name, st.st_mode);
        }
        return r;
}

static int remove_file(int dir_fd, const char *prefix, const char *name)
{
        _cleanup_free_ char *path = name ? strjoin(prefix, name) : NULL;

        return path ? rm_rf_at(dir_fd, path) : -ENOMEM;
}

/* "APP.PORT.socket"; names of apps have no dots. */
static bool is_socket_of(const char *name, const char *app)
{
        const char *rest = startswith(name, app);

        return rest && *rest == '.' && strchr(rest + 1, '.') && endswith(rest, ".socket");
}

static int remove_sockets(int dir_fd, const char *prefix, const char *app)
{
        _cleanup_strv_free_ char **names = NULL;
        int r = list_directory_at(dir_fd, ".", &names);

        STRV_FOREACH(name, names) {
                const char *unit = startswith(*name, prefix);

                if (r >= 0 && unit && is_socket_of(unit, app))
                        r = rm_rf_at(dir_fd, *name);
        }
        return r;
}

int late_files_remove_units(int dir_fd, const char *prefix, const char *app)
{
        char *const units[] = { strprintf("%s.service", app), strprintf("%s.service.d", app),
                                strprintf(HANDLERS_UNIT, app), strprintf(HEALTH_UNIT, app),
                                strprintf(ATTACH_UNIT, app), strprintf(STEADY_TIMER, app),
                                strprintf(STEADY_UNIT, app) };
        int r = 0;

        for (size_t i = 0; i < ELEMENTSOF(units); i++) {
                _cleanup_free_ char *unit = units[i];

                if (r >= 0)
                        r = remove_file(dir_fd, prefix, unit);
        }
        return r < 0 ? r : remove_sockets(dir_fd, prefix, app);
}
