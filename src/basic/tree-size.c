/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/fs.h"
#include "basic/string-util.h"
#include "basic/tree-size.h"

#define LEVELS_MAX 64U

typedef struct Measure {
        dev_t device;
        uint64_t max;
        uint64_t bytes;
} Measure;

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
        *ret = m.bytes;
        return 0;
}
