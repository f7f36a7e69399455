/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdlib.h>
#include <sys/stat.h>

#include "basic/fs.h"
#include "basic/lock.h"
#include "basic/path.h"
#include "basic/scratch.h"
#include "basic/strv.h"

/* A name that nobody gives to what he wants to keep, whereas a "docker2aci-master" may be anybody's. */
#define PREFIX ".podctl-"
#define RANDOM "XXXXXX"

/* -EAGAIN: somebody else has it, or has removed it. -EPERM: it is not ours. */
static int lock_own(int parent_fd, const char *name)
{
        _cleanup_close_ int fd = openat(parent_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        struct stat st;
        int r;

        if (fd < 0)
                return errno == ENOENT ? -EAGAIN : -errno;
        if (fstat(fd, &st) < 0)
                return -errno;
        if (st.st_uid != geteuid())
                return -EPERM;
        r = fd_lock(fd, LOCK_EX | LOCK_NB);
        if (r < 0)
                return r;
        /* Whoever had the lock before may have removed it. */
        return fstat(fd, &st) < 0 ? -errno : st.st_nlink > 0 ? TAKE_FD(fd) : -EAGAIN;
}

static bool is_named(const char *entry, const char *name)
{
        const char *rest = startswith(entry, PREFIX), *random = rest ? startswith(rest, name) : NULL;

        return random && *random == '-' && strlen(random + 1) == strlen(RANDOM);
}

/* What cannot be removed now is left to the next one. */
static void sweep(const char *parent, const char *name)
{
        _cleanup_close_ int parent_fd = open_directory_at(AT_FDCWD, parent);
        _cleanup_strv_free_ char **entries = NULL;

        if (parent_fd < 0 || list_directory_all_at(parent_fd, ".", &entries) < 0)
                return;
        STRV_FOREACH(entry, entries) {
                _cleanup_close_ int fd = is_named(*entry, name) ? lock_own(parent_fd, *entry) : -EBADF;

                if (fd >= 0)
                        (void) rm_rf_at(parent_fd, *entry);
        }
}

int scratch_make(const char *parent, const char *name, Scratch *ret)
{
        sweep(parent, name);
        for (;;) {
                _cleanup_free_ char *path = strjoin(parent, "/" PREFIX, name, "-" RANDOM);
                int fd;

                if (!path)
                        return -ENOMEM;
                if (!mkdtemp(path))
                        return -errno;
                /* Before it is locked, another one may take it for a leftover. */
                fd = lock_own(AT_FDCWD, path);
                if (fd == -EAGAIN)
                        continue;
                if (fd < 0) {
                        (void) rm_rf_at(AT_FDCWD, path);
                        return fd;
                }
                *ret = (Scratch) { .path = TAKE_PTR(path), .fd = fd };
                return 0;
        }
}

int scratch_make_temporary(const char *parent, const char *name, Scratch *ret)
{
        const char *chosen = getenv("TMPDIR");

        return scratch_make(isempty(chosen) ? parent : chosen, name, ret);
}

void scratch_done(Scratch *s)
{
        if (s->path)
                (void) rm_rf_at(AT_FDCWD, s->path);
        s->path = mfree(s->path);
        s->fd = safe_close(s->fd);
}
