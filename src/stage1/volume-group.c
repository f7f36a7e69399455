/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fts.h>
#include <sys/stat.h>

#include "basic/fs.h"
#include "stage1/volume-group.h"

#define FILE_BITS 0660
#define DIRECTORY_BITS (S_ISGID | 0770)

/* fts(3), which enters directories by chdir(2) and looks whether they are those that it has seen, so that neither depth
 * nor another pod that moves them leads it astray. It is to have its way back. */
typedef struct Walk {
        FTS *fts;
        int before;
} Walk;

static void walk_done(Walk *w)
{
        if (w->fts)
                (void) fts_close(w->fts);
        if (w->before >= 0 && fchdir(w->before) < 0)
                (void) chdir("/");
        safe_close(w->before);
}

static bool is_done(const struct stat *st, gid_t group)
{
        return st->st_gid == group && (st->st_mode & DIRECTORY_BITS) == DIRECTORY_BITS;
}

/* Links are given away, not followed. A file's bits that give away its owner's rights go when its group changes. */
static int give(int dir_fd, const char *name, gid_t group)
{
        _cleanup_close_ int fd = openat(dir_fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
        char link[PROC_FD_PATH_MAX];
        struct stat st;
        mode_t mode;

        if (fd < 0)
                return errno == ENOENT ? 0 : -errno;
        if (fchownat(fd, "", (uid_t) -1, group, AT_EMPTY_PATH) < 0 || fstat(fd, &st) < 0)
                return -errno;
        if (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
                return 0;
        mode = (st.st_mode & 07777) | (S_ISDIR(st.st_mode) ? DIRECTORY_BITS : FILE_BITS);
        return mode != (st.st_mode & 07777) && chmod(proc_fd_path(fd, link), mode) < 0 ? -errno : 0;
}

/* Directories come when what is in them has come. */
static int give_entry(const FTSENT *e, gid_t group)
{
        switch (e->fts_info) {
        case FTS_D:
                return 0;
        case FTS_DNR:
        case FTS_ERR:
        case FTS_NS:
                return e->fts_errno == ENOENT ? 0 : -e->fts_errno;
        default:
                return e->fts_level == FTS_ROOTLEVEL ? 0 : give(AT_FDCWD, e->fts_accpath, group);
        }
}

static int give_all(int data_fd, gid_t group)
{
        _cleanup_(walk_done) Walk w = { .before = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC) };
        char link[PROC_FD_PATH_MAX];
        int r = 0;

        if (w.before < 0)
                return -errno;
        w.fts = fts_open((char *[]) { (char *) proc_fd_path(data_fd, link), NULL },
                         FTS_PHYSICAL | FTS_COMFOLLOW | FTS_XDEV, NULL);
        if (!w.fts)
                return -errno;
        errno = 0;
        for (FTSENT *e; r >= 0 && (e = fts_read(w.fts)); errno = 0)
                r = give_entry(e, group);
        return r < 0 ? r : -errno;
}

int volume_group_apply(int data_fd, gid_t group)
{
        _cleanup_close_ int fd = open_directory_at(data_fd, ".");
        struct stat st;
        int r;

        if (fd < 0)
                return fd;
        if (fstat(fd, &st) < 0)
                return -errno;
        if (is_done(&st, group))
                return 0;
        r = give_all(fd, group);
        if (r < 0)
                return r;
        return fchown(fd, (uid_t) -1, group) < 0 || fchmod(fd, (st.st_mode & 07777) | DIRECTORY_BITS) < 0 ? -errno : 0;
}
