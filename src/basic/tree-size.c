/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <search.h>

#include "basic/alloc.h"
#include "basic/fs.h"
#include "basic/string-util.h"
#include "basic/tree-size.h"

#define LEVELS_MAX 64U

typedef struct Measure {
        dev_t device;
        uint64_t max;
        uint64_t bytes;
        void *linked; /* inodes of the files with several names that were seen */
} Measure;

static int compare_inodes(const void *a, const void *b)
{
        const ino_t *x = a, *y = b;

        return *x < *y ? -1 : *x > *y;
}

/* Without memory the size cannot be known. */
static bool was_seen(Measure *m, const struct stat *st)
{
        ino_t *inode, **found;

        if (st->st_nlink < 2)
                return false;
        inode = new0(ino_t, 1);
        if (inode)
                *inode = st->st_ino;
        found = inode ? tsearch(inode, &m->linked, compare_inodes) : NULL;
        if (found && *found == inode)
                return false;
        free(inode);
        if (!found)
                m->bytes = UINT64_MAX;
        return true;
}

static void add(Measure *m, const struct stat *st)
{
        uint64_t bytes = (uint64_t) st->st_blocks * 512;

        m->bytes = bytes > UINT64_MAX - m->bytes ? UINT64_MAX : m->bytes + bytes;
}

static void measure(Measure *m, unsigned level, int fd)
{
        _cleanup_closedir_ DIR *d = NULL;
        struct stat st;

        if (fstat(fd, &st) < 0 || st.st_dev != m->device || !(d = fdopendir(fd))) {
                safe_close(fd);
                return;
        }
        add(m, &st);
        if (level == LEVELS_MAX)
                m->bytes = UINT64_MAX;

        for (struct dirent *entry; m->bytes <= m->max && m->bytes < UINT64_MAX && (entry = readdir(d));) {
                int child;

                if (streq(entry->d_name, ".") || streq(entry->d_name, ".."))
                        continue;
                if (fstatat(dirfd(d), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
                        continue;
                if (!S_ISDIR(st.st_mode)) {
                        if (st.st_dev == m->device && !was_seen(m, &st))
                                add(m, &st);
                        continue;
                }
                child = openat(dirfd(d), entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
                if (child < 0)
                        continue;
                measure(m, level + 1, child);
        }
}

int tree_size_at(int dir_fd, const char *path, uint64_t max, uint64_t *ret)
{
        int fd = openat(dir_fd, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        Measure m = { .max = max };
        struct stat st;

        if (fd < 0)
                return -errno;
        if (fstat(fd, &st) < 0) {
                int saved = errno;
                safe_close(fd);
                return -saved;
        }
        m.device = st.st_dev;
        measure(&m, 0, fd);
        tdestroy(m.linked, free);
        *ret = m.bytes;
        return 0;
}
