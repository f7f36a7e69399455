/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>
#include <sys/stat.h>

#include "basic/fs.h"
#include "basic/log.h"
#include "basic/path.h"
#include "basic/string-util.h"
#include "cli/terminal/output-file.h"

void output_done(Output *o)
{
        safe_close(o->fd);
        safe_close(o->dir_fd);
        if (o->temporary)
                (void) rm_rf_at(AT_FDCWD, o->temporary);
        free(o->temporary);
        free(o->path);
        *o = (Output) OUTPUT_NONE;
}

/* Without slashes at its end. */
static int set_path(const char *path, Output *o)
{
        size_t n = strlen(path);

        while (n > 1 && path[n - 1] == '/')
                n--;
        o->path = strndup(path, n);
        return o->path ? 0 : log_oom();
}

static int refuse_existing(const char *path)
{
        return log_error_errno(EEXIST, "%s exists already; use --overwrite to replace it", path);
}

static int open_in_place(const char *path, Output *o)
{
        o->fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
        return o->fd < 0 ? log_error_errno(errno, "Cannot write to %s: %m", path) : 0;
}

static int open_standard_output(Output *ret)
{
        int fd;

        if (isatty(STDOUT_FILENO))
                return log_error_errno(EINVAL, "'-' is the standard output, and the output is not for a terminal");
        fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
        if (fd < 0)
                return log_error_errno(errno, "Cannot write to the standard output: %m");
        *ret = (Output) { .fd = fd, .dir_fd = -EBADF };
        return 0;
}

static char *directory_of(const char *path)
{
        size_t n = (size_t) (path_basename(path) - path);

        return n == 0 ? strdup(".") : strndup(path, n);
}

/* See open(2), O_TMPFILE, for who does not know it. */
static int open_new(Output *o)
{
        _cleanup_free_ char *directory = directory_of(o->path);
        _cleanup_close_ int dir_fd = directory ? open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC) : -EBADF;

        if (!directory)
                return -ENOMEM;
        if (dir_fd < 0)
                return -errno;
        o->fd = openat(dir_fd, ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, 0644);
        if (o->fd >= 0)
                o->dir_fd = TAKE_FD(dir_fd);
        else if (errno == EOPNOTSUPP || errno == EISDIR || errno == ENOENT || errno == EINVAL)
                o->fd = open_temporary_at(AT_FDCWD, o->path, 0644, &o->temporary);
        else
                return -errno;
        return o->fd;
}

int output_open_file(const char *path, bool replace, Output *ret)
{
        _cleanup_(output_done) Output o = { .fd = -EBADF, .dir_fd = -EBADF, .replace = replace };
        struct stat st;
        bool exists;
        int r;

        if (streq(path, "-"))
                return open_standard_output(ret);
        r = set_path(path, &o);
        if (r < 0)
                return r;
        exists = stat(path, &st) >= 0;
        if (exists && S_ISDIR(st.st_mode))
                return log_error_errno(EISDIR, "%s is a directory", path);
        if (exists && !S_ISREG(st.st_mode)) {
                r = open_in_place(path, &o);
                if (r < 0)
                        return r;
        } else {
                if (exists && !replace)
                        return refuse_existing(path);
                r = open_new(&o);
                if (r < 0)
                        return log_error_errno(r, "Cannot write to %s: %m", path);
        }
        *ret = o;
        o = (Output) OUTPUT_NONE;
        return 0;
}

static bool is_root(const char *path)
{
        struct stat st, root;

        return stat(path, &st) >= 0 && stat("/", &root) >= 0 && st.st_dev == root.st_dev && st.st_ino == root.st_ino;
}

static int set_paths(const char *path, Output *o)
{
        int r = set_path(path, o);

        return r < 0 ? r : temporary_name(o->path, &o->temporary);
}

int output_open_directory(const char *path, bool replace, Output *ret)
{
        _cleanup_(output_done) Output o = { .fd = -EBADF, .dir_fd = -EBADF, .replace = replace };
        int r;

        if (is_root(path))
                return log_error_errno(EINVAL, "The root directory cannot be written to");
        if (!replace && faccessat(AT_FDCWD, path, F_OK, AT_SYMLINK_NOFOLLOW) >= 0)
                return refuse_existing(path);
        r = set_paths(path, &o);
        if (r < 0)
                return log_error_errno(r, "Cannot make %s: %m", path);
        /* Other users cannot look into it while it is written; the caller decides whether they may later. */
        o.fd = mkdir(o.temporary, 0700) < 0 ? -errno : open_directory_at(AT_FDCWD, o.temporary);
        if (o.fd < 0)
                return log_error_errno(o.fd, "Cannot make %s: %m", path);
        *ret = o;
        o = (Output) OUTPUT_NONE;
        return 0;
}

/* After the exchange, the old one has the temporary name. */
static int replace(Output *o)
{
        if (renameat2(AT_FDCWD, o->temporary, AT_FDCWD, o->path, RENAME_EXCHANGE) >= 0)
                return rm_rf_at(AT_FDCWD, o->temporary);
        return errno == ENOENT ? rename_noreplace(AT_FDCWD, o->temporary, AT_FDCWD, o->path) : -errno;
}

/* Through the directory: by its path it may have become another mount of the same file system, for this process. */
static int give_name(Output *o)
{
        char proc[PROC_FD_PATH_MAX];
        int r = temporary_name(o->path, &o->temporary);

        if (r < 0)
                return r;
        if (linkat(AT_FDCWD, proc_fd_path(o->fd, proc), o->dir_fd, path_basename(o->temporary),
                   AT_SYMLINK_FOLLOW) >= 0)
                return 0;
        r = -errno;
        o->temporary = mfree(o->temporary);
        return r;
}

int output_commit(Output *o)
{
        int r = o->dir_fd >= 0 ? give_name(o) : 0;

        if (r < 0)
                return log_error_errno(r, "Cannot move %s into place: %m", o->path);
        if (!o->temporary)
                return 0;
        r = o->replace ? replace(o) : rename_noreplace(AT_FDCWD, o->temporary, AT_FDCWD, o->path);
        if (r == -EEXIST)
                return refuse_existing(o->path);
        if (r < 0)
                return log_error_errno(r, "Cannot move %s into place: %m", o->path);
        o->temporary = mfree(o->temporary);
        return 0;
}
