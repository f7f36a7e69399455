/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "inside/app-devices.h"

#define DEVICES "/dev"
/* As large as Docker's. */
#define OPTIONS "mode=0755,size=64m"
/* With the group tty of all distributions. */
#define TERMINALS_OPTIONS "newinstance,ptmxmode=0666,mode=0620,gid=5"

static int take_link(const char *from, const char *to)
{
        char target[PATH_MAX];
        ssize_t n = readlink(from, target, sizeof(target) - 1);

        if (n < 0)
                return -1;
        target[n] = 0;
        return symlink(target, to);
}

/* Includes the mounts below it. */
static int take_mount(const char *from, const char *to, bool directory)
{
        if ((directory ? mkdir(to, 0755) : mknod(to, S_IFREG | 0644, 0)) < 0)
                return -1;
        return mount(from, to, NULL, MS_BIND | MS_REC, NULL);
}

static int take_all(const char *from, const char *to);

static int take_directory(const char *from, const char *to)
{
        return mkdir(to, 0755) < 0 ? -1 : take_all(from, to);
}

/* In an instance that apps have in common, root of one could read what is typed in the terminal of another. An app
 * whose standard input is the pod's console finds that by its name. */
static int make_terminals(const char *to)
{
        return mkdir(to, 0755) < 0 ? -1 : mount("devpts", to, "devpts", MS_NOSUID | MS_NOEXEC, TERMINALS_OPTIONS);
}

/* Files that are not mounts are left out: they are mount points of other apps' volumes. The console is the pod's, and a
 * link to one of its terminals. */
static int take(const char *from, const char *to)
{
        struct statx stx;
        struct stat st;

        if (strcmp(from, DEVICES "/pts") == 0 && !isatty(STDIN_FILENO))
                return make_terminals(to);
        if (statx(AT_FDCWD, from, AT_SYMLINK_NOFOLLOW, STATX_TYPE, &stx) < 0)
                return -1;
        if (strcmp(from, DEVICES "/console") == 0 && stat(from, &st) == 0 && S_ISCHR(st.st_mode))
                return take_mount(from, to, false);
        if (S_ISLNK(stx.stx_mode))
                return take_link(from, to);
        if ((stx.stx_attributes & STATX_ATTR_MOUNT_ROOT) || S_ISCHR(stx.stx_mode) || S_ISBLK(stx.stx_mode))
                return take_mount(from, to, S_ISDIR(stx.stx_mode));
        return S_ISDIR(stx.stx_mode) ? take_directory(from, to) : 0;
}

static int take_all(const char *from, const char *to)
{
        char source[PATH_MAX], target[PATH_MAX];
        DIR *d = opendir(from);
        int r = d ? 0 : -1;

        for (struct dirent *entry; r >= 0 && (entry = readdir(d));) {
                if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
                        continue;
                (void) snprintf(source, sizeof(source), "%s/%s", from, entry->d_name);
                (void) snprintf(target, sizeof(target), "%s/%s", to, entry->d_name);
                r = take(source, target);
        }
        if (d)
                (void) closedir(d);
        return r;
}

/* A mount cannot be moved if its parent mount is shared (mount(2)), but a copy of it can be put anywhere. The copies
 * must not be peers of other mounts, or unmounting here would unmount there as well (mount_namespaces(7)). */
static int put_in_place(const char *directory)
{
        int tree = open_tree(AT_FDCWD, directory, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE), r;

        if (tree < 0 || umount2(directory, MNT_DETACH) < 0 || umount2(DEVICES, MNT_DETACH) < 0)
                return -1;
        r = move_mount(tree, "", AT_FDCWD, DEVICES, MOVE_MOUNT_F_EMPTY_PATH);
        (void) close(tree);
        return r;
}

const char *app_devices_own(const char *directory)
{
        if (mount("tmpfs", directory, "tmpfs", MS_NOSUID | MS_STRICTATIME, OPTIONS) < 0 ||
            mount(NULL, directory, NULL, MS_PRIVATE, NULL) < 0)
                return directory;
        return take_all(DEVICES, directory) < 0 || put_in_place(directory) < 0 ? DEVICES : NULL;
}
