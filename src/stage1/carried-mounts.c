/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "basic/fs.h"
#include "shared/mount-util.h"
#include "stage1/carried-mounts.h"

void carried_mounts_done(CarriedMounts *l)
{
        for (size_t i = 0; i < l->n; i++) {
                free(l->items[i].from);
                free(l->items[i].to);
                safe_close(l->items[i].fd);
        }
        free(l->items);
        *l = (CarriedMounts) {};
}

int carried_mounts_add(CarriedMounts *l, char *from, CarriedPlace place, char *to)
{
        CarriedMount *grown = from && to ? reallocarray(l->items, l->n + 1, sizeof(CarriedMount)) : NULL;

        if (!grown) {
                free(from);
                free(to);
                return -ENOMEM;
        }
        l->items = grown;
        grown[l->n++] = (CarriedMount) { from, place, to, -EBADF };
        return 0;
}

int carried_mounts_open(CarriedMounts *l)
{
        for (size_t i = 0; i < l->n; i++) {
                l->items[i].fd = open_tree(AT_FDCWD, l->items[i].from,
                                           OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);
                if (l->items[i].fd < 0)
                        return -errno;
        }
        return 0;
}

static int attach(const CarriedMount *mount, int directory)
{
        _cleanup_close_ int target = -EBADF;
        struct stat st;

        if (fstat(mount->fd, &st) < 0)
                return -errno;
        target = S_ISDIR(st.st_mode) ? mkdir_in_root(directory, mount->to, 0755, 0)
                                     : open_in_root(directory, mount->to, O_PATH);
        if (target == -ENOENT)
                target = make_file_in_root(directory, mount->to, 0600, 0700, 0);
        return target < 0 ? target : mount_attach(mount->fd, target);
}

int carried_mounts_attach(const CarriedMounts *l, const int directories[static _CARRIED_PLACE_MAX])
{
        int r = 0;

        for (size_t i = 0; r >= 0 && i < l->n; i++)
                r = attach(&l->items[i], directories[l->items[i].place]);
        return r;
}
