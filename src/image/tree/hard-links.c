/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <search.h>

#include "basic/alloc.h"
#include "image/tree/hard-links.h"

typedef struct Linked {
        dev_t device;
        ino_t inode;
        char path[];
} Linked;

static int linked_compare(const void *a, const void *b)
{
        const Linked *x = a, *y = b;

        if (x->device != y->device)
                return x->device < y->device ? -1 : 1;
        return x->inode < y->inode ? -1 : x->inode > y->inode;
}

int hard_links_see(HardLinks *l, const struct stat *st, const char *path, const char **ret_first)
{
        size_t n = strlen(path) + 1;
        Linked *file, **found;

        *ret_first = NULL;
        if (st->st_nlink < 2 || S_ISDIR(st->st_mode))
                return 0;
        file = calloc(1, sizeof(Linked) + n);
        if (!file)
                return -ENOMEM;
        file->device = st->st_dev;
        file->inode = st->st_ino;
        memcpy(file->path, path, n);
        found = tsearch(file, &l->files, linked_compare);
        if (found && *found == file)
                return 0;
        free(file);
        if (!found)
                return -ENOMEM;
        *ret_first = (*found)->path;
        return 0;
}

void hard_links_done(HardLinks *l)
{
        tdestroy(l->files, free);
        l->files = NULL;
}
