/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/log.h"
#include "pod/host-journal.h"

#define HOST_JOURNAL "/var/log/journal"

/* Larger files are full of entries: there is little to gain. */
#define TRIM_FILE_MAX (16 << 20)
#define TRIM_FILES_MAX 100U
#define CHUNK_SIZE 65536U
#define BLOCK_SIZE 4096U

static char *journal_link(const Pod *p)
{
        return strprintf(HOST_JOURNAL "/%s", uuid_format_plain(&p->uuid, (char[33]) {}));
}

/* 0: there is no link, or one that may be replaced. 1: the link is right already. */
static int look_at_link(const char *link, const char *target)
{
        char found[PATH_MAX];
        ssize_t n = readlink(link, found, sizeof(found) - 1);

        if (n < 0)
                return errno == ENOENT ? 0 : -errno;
        found[n] = 0;
        return streq(found, target);
}

int pod_link_journal(const Pod *p)
{
        _cleanup_free_ char *link = journal_link(p), *target = pod_path(p, "journal");
        int r;

        if (!link || !target)
                return -ENOMEM;
        r = look_at_link(link, target);
        if (r != 0)
                return r < 0 ? r : 0;
        /* There is no second name in between: after a kill it would stay, as nobody looks for it. */
        if (unlink(link) < 0 && errno != ENOENT)
                return -errno;
        /* A host without a persistent journal does not have this directory, and does not get it. */
        return symlink(target, link) < 0 && errno != ENOENT ? -errno : 0;
}

int pod_unlink_journal(const Pod *p)
{
        _cleanup_free_ char *link = journal_link(p);
        char target[2];

        if (!link)
                return -ENOMEM;
        /* Removes only a link: podctl never makes a directory there. */
        if (readlink(link, target, sizeof(target)) < 0)
                return 0;
        return unlink(link) < 0 && errno != ENOENT ? -errno : 0;
}

/* What lies side by side is freed at once: each call is a transaction of the file system, and there may be thousands of
 * blocks. */
typedef struct Hole {
        int fd;
        off_t begin, end;
} Hole;

static void hole_punch(const Hole *h)
{
        if (h->end > h->begin)
                (void) fallocate(h->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, h->begin, h->end - h->begin);
}

static void hole_grow(Hole *h, off_t begin, off_t end)
{
        if (begin != h->end) {
                hole_punch(h);
                h->begin = begin;
        }
        h->end = end;
}

static bool is_zero(const char *data, size_t n)
{
        return *data == 0 && memcmp(data, data + 1, n - 1) == 0;
}

/* Frees the blocks of the written part that contain only zeros: journald's tables are filled sparsely. */
static int trim_data(Hole *hole, off_t begin, off_t end, char *chunk)
{
        for (off_t at = begin; at < end;) {
                ssize_t n = pread(hole->fd, chunk, CHUNK_SIZE, at);

                if (n <= 0)
                        return n < 0 ? -errno : 0;
                for (ssize_t i = 0; i + (ssize_t) BLOCK_SIZE <= n; i += BLOCK_SIZE)
                        if (is_zero(chunk + i, BLOCK_SIZE))
                                hole_grow(hole, at + i, at + i + BLOCK_SIZE);
                at += n;
        }
        return 0;
}

static int trim_parts(Hole *hole, off_t size, char *chunk)
{
        off_t data, at = 0;
        int r;

        while (at < size) {
                data = lseek(hole->fd, at, SEEK_DATA);
                if (data < 0) {
                        if (errno != ENXIO)
                                return -errno;
                        data = size;
                }
                /* This part is reserved, but was never written. */
                if (data > at)
                        hole_grow(hole, at, data);
                at = data < size ? lseek(hole->fd, data, SEEK_HOLE) : data;
                if (at < 0)
                        return -errno;
                r = trim_data(hole, data, at, chunk);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int trim_file(int fd, char *chunk)
{
        Hole hole = { .fd = fd };
        struct stat st;
        int r;

        if (fstat(fd, &st) < 0)
                return -errno;
        if (st.st_size > TRIM_FILE_MAX)
                return 0;
        r = trim_parts(&hole, st.st_size, chunk);
        hole_punch(&hole);
        return r;
}

/* The pod's root user writes to this directory: it may contain anything. */
static int open_journal_file(int dir_fd, const char *name)
{
        _cleanup_close_ int path_fd = openat(dir_fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
        char proc[PROC_FD_PATH_MAX];
        struct stat st;
        int fd;

        if (path_fd < 0 || fstat(path_fd, &st) < 0)
                return -errno;
        if (!S_ISREG(st.st_mode) || st.st_nlink != 1)
                return -EINVAL;
        fd = open(proc_fd_path(path_fd, proc), O_RDWR | O_CLOEXEC);
        return fd < 0 ? -errno : fd;
}

void pod_trim_journal(const Pod *p)
{
        _cleanup_free_ char *chunk = new_array(char, CHUNK_SIZE);
        _cleanup_closedir_ DIR *d = NULL;
        int fd = open_directory_at(p->fd, "journal");
        unsigned n = 0;

        if (fd < 0 || !chunk || !(d = fdopendir(fd))) {
                safe_close(fd);
                return;
        }
        for (struct dirent *entry; n < TRIM_FILES_MAX && (entry = readdir(d));) {
                _cleanup_close_ int file = -EBADF;
                int r;

                if (!endswith(entry->d_name, ".journal"))
                        continue;
                n++;
                file = open_journal_file(fd, entry->d_name);
                r = file < 0 ? file : trim_file(file, chunk);
                if (r < 0)
                        log_debug_errno(r, "Pod %s: %s: cannot free the space that it does not use: %m", p->uuid.s,
                                        entry->d_name);
        }
}
