/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "inside/app-paths.h"

static bool is_missing(void)
{
        return errno == ENOENT || errno == ENOTDIR;
}

static bool set_read_only(const char *path)
{
        struct mount_attr attributes = { .attr_set = MOUNT_ATTR_RDONLY };

        return mount_setattr(AT_FDCWD, path, AT_RECURSIVE, &attributes, sizeof(attributes)) == 0;
}

/* The path may be a mount already, made by systemd-nspawn; EINVAL: it is not. */
static bool protect(const char *path)
{
        if (set_read_only(path) || is_missing())
                return true;
        return errno == EINVAL && mount(path, path, NULL, MS_BIND | MS_REC, NULL) == 0 && set_read_only(path);
}

static bool is_read_only(const char *path)
{
        struct statvfs st;

        return statvfs(path, &st) == 0 && (st.f_flag & ST_RDONLY);
}

static bool set_writable(const char *path)
{
        struct mount_attr attributes = { .attr_clr = MOUNT_ATTR_RDONLY };

        return mount_setattr(AT_FDCWD, path, 0, &attributes, sizeof(attributes)) == 0;
}

/* Only those that are writable now stay in the list. */
static void drop_read_only(char **paths)
{
        size_t n = 0;

        for (size_t i = 0; paths[i]; i++)
                if (!is_read_only(paths[i]))
                        paths[n++] = paths[i];
        paths[n] = NULL;
}

const char *app_paths_protect(char *paths, char **keep)
{
        if (keep)
                drop_read_only(keep);
        for (char *path = strtok(paths, ":"); path; path = strtok(NULL, ":"))
                if (!protect(path))
                        return path;
        for (; keep && *keep; keep++)
                if (!set_writable(*keep))
                        return *keep;
        return NULL;
}

/* Bind mounts from a read-only mount are read-only as well. */
static bool make_nothing(const char *directory, const char *nothing_at_all, const char *empty)
{
        const unsigned long flags = MS_NOSUID | MS_NODEV | MS_NOEXEC;

        return mount("tmpfs", directory, "tmpfs", flags, "mode=0755,size=4k,nr_inodes=4") == 0 &&
               mkdir(nothing_at_all, 0) == 0 && mknod(empty, S_IFREG, 0) == 0 &&
               mount(NULL, directory, NULL, MS_REMOUNT | MS_BIND | MS_RDONLY | flags, NULL) == 0;
}

static bool hide(const char *path, const char *nothing_at_all, const char *empty)
{
        struct stat st;

        if (lstat(path, &st) < 0)
                return is_missing();
        /* systemd-nspawn has hidden some of them already. */
        if ((st.st_mode & 07777) == 0)
                return true;
        return mount(S_ISDIR(st.st_mode) ? nothing_at_all : empty, path, NULL, MS_BIND, NULL) == 0;
}

const char *app_paths_hide(char *paths, const char *directory)
{
        char nothing_at_all[64], empty[64];

        (void) snprintf(nothing_at_all, sizeof(nothing_at_all), "%s/directory", directory);
        (void) snprintf(empty, sizeof(empty), "%s/file", directory);
        if (!make_nothing(directory, nothing_at_all, empty))
                return directory;
        for (char *path = strtok(paths, ":"); path; path = strtok(NULL, ":"))
                if (!hide(path, nothing_at_all, empty))
                        return path;
        return umount2(directory, MNT_DETACH) == 0 ? NULL : directory;
}
