/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <linux/securebits.h>
#include <sys/fsuid.h>
#include <sys/prctl.h>

#include "basic/strv.h"
#include "image/tree/tree-copy.h"
#include "image/tree/tree-transfer.h"
#include "image/tree/unpack-tree.h"
#include "shared/explain.h"

#define IDS_OF_A_POD 0x10000U

/* Each level of directories takes this many descriptors. */
#define FDS_PER_LEVEL 4

typedef struct Transfer {
        const TreeTransfer *how;
        unsigned depth;
        char **reterr_message;
} Transfer;

/* Who owns the copy, as the place has it that it goes to. -EOVERFLOW: nobody there has that ID. */
static int translate(const TreeTransfer *t, uid_t id, uid_t *ret)
{
        uid_t own = t->preserve ? id - t->from_base : 0;

        if (t->preserve && t->from_base > 0 && (id < t->from_base || own >= IDS_OF_A_POD))
                return -EOVERFLOW;
        if (t->to_base > 0 && own >= IDS_OF_A_POD)
                return -EOVERFLOW;
        *ret = t->to_base + own;
        return 0;
}

static int set_owner(const Transfer *c, int fd, const struct stat *st)
{
        uid_t uid;
        gid_t gid;

        if (translate(c->how, st->st_uid, &uid) < 0 || translate(c->how, st->st_gid, &gid) < 0)
                return explain(c->reterr_message, EOVERFLOW, "its owner %u:%u has no user ID there", st->st_uid,
                               st->st_gid);
        return fchownat(fd, "", uid, gid, AT_EMPTY_PATH) < 0 ? -errno : 0;
}

/* After the contents, which change the times, and the owner, which resets bits of the mode. */
static int set_metadata(const Transfer *c, int to, const struct stat *st)
{
        mode_t mode = st->st_mode & (c->how->preserve ? 07777 : 01777);
        int r = set_owner(c, to, st);

        if (r < 0)
                return r;
        if (fchmod(to, mode) < 0)
                return -errno;
        return futimens(to, (struct timespec[]) { { .tv_nsec = UTIME_OMIT }, st->st_mtim }) < 0 ? -errno : 0;
}

/* An O_PATH descriptor cannot be read from; this leads to the same file, whatever has its name by now. */
static int reopen(int fd, int flags)
{
        char path[PROC_FD_PATH_MAX];
        int r = open(proc_fd_path(fd, path), flags | O_CLOEXEC | O_NONBLOCK);

        return r < 0 ? -errno : r;
}

/* Opens what we have just made. Whoever may write to the directory could have put something else there by now, which is
 * not to be changed. */
static int open_new(int to_dir, const char *name, int flags, mode_t type)
{
        _cleanup_close_ int fd = openat(to_dir, name, flags | O_NOFOLLOW | O_CLOEXEC);
        _cleanup_strv_free_ char **names = NULL;
        struct stat st;
        int r;

        if (fd < 0 || fstat(fd, &st) < 0)
                return -errno;
        if ((st.st_mode & S_IFMT) != type || st.st_uid != (uid_t) setfsuid((uid_t) -1))
                return -EBUSY;
        if (type != S_IFDIR)
                return TAKE_FD(fd);
        r = list_directory_all_at(fd, ".", &names);
        if (r < 0)
                return r;
        return strv_length(names) == 0 ? TAKE_FD(fd) : -EBUSY;
}

static int transfer_regular(const Transfer *c, int from_fd, const struct stat *st, int to_dir, const char *name)
{
        _cleanup_close_ int from = reopen(from_fd, O_RDONLY), to = -EBADF;
        int r;

        if (from < 0)
                return from;
        to = openat(to_dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (to < 0)
                return -errno;
        r = tree_copy_contents(from, to, st->st_size);
        return r < 0 ? r : set_metadata(c, to, st);
}

static int transfer_link(const Transfer *c, int from_fd, const struct stat *st, int to_dir, const char *name)
{
        _cleanup_close_ int to = -EBADF;
        char target[PATH_MAX];
        ssize_t n = readlinkat(from_fd, "", target, sizeof(target) - 1);

        if (n < 0)
                return -errno;
        target[n] = 0;
        if (symlinkat(target, to_dir, name) < 0)
                return -errno;
        to = open_new(to_dir, name, O_PATH, S_IFLNK);
        return to < 0 ? to : set_owner(c, to, st);
}

static int transfer_one(Transfer *c, int from_fd, int to_dir, const char *name);

static int transfer_entry(Transfer *c, int from_dir, int to_dir, const char *name)
{
        _cleanup_close_ int from = openat(from_dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
        int r;

        /* It has gone since the directory was read. */
        if (from < 0)
                return errno == ENOENT ? 0 : -errno;
        r = transfer_one(c, from, to_dir, name);
        return r < 0 ? explain_context(c->reterr_message, r, "%s", name) : 0;
}

static int transfer_directory(Transfer *c, int from_fd, const struct stat *st, int to_dir, const char *name)
{
        _cleanup_close_ int from = reopen(from_fd, O_RDONLY | O_DIRECTORY), to = -EBADF;
        _cleanup_strv_free_ char **names = NULL;
        int r;

        if (from < 0)
                return from;
        if (c->depth >= TREE_DEPTH_MAX)
                return explain(c->reterr_message, ELOOP, "directories are nested too deep");
        r = list_directory_all_at(from, ".", &names);
        if (r < 0)
                return r;
        if (mkdirat(to_dir, name, 0700) < 0)
                return -errno;
        to = open_new(to_dir, name, O_RDONLY | O_DIRECTORY, S_IFDIR);
        if (to < 0)
                return to;
        c->depth++;
        STRV_FOREACH(entry, names) {
                r = transfer_entry(c, from, to, *entry);
                if (r < 0)
                        return r;
        }
        c->depth--;
        return set_metadata(c, to, st);
}

static int transfer_one(Transfer *c, int from_fd, int to_dir, const char *name)
{
        struct stat st;

        if (fstat(from_fd, &st) < 0)
                return -errno;
        switch (st.st_mode & S_IFMT) {
        case S_IFREG:
                return transfer_regular(c, from_fd, &st, to_dir, name);
        case S_IFLNK:
                return transfer_link(c, from_fd, &st, to_dir, name);
        case S_IFDIR:
                return transfer_directory(c, from_fd, &st, to_dir, name);
        default:
                return explain(c->reterr_message, EOPNOTSUPP, "it is a device, a socket or a FIFO");
        }
}

static int move_into_place(int to_dir, const char *temporary, const char *name, char **reterr_message)
{
        if (renameat(to_dir, temporary, to_dir, name) >= 0)
                return 0;
        if (errno == EISDIR || errno == ENOTEMPTY || errno == EEXIST || errno == ENOTDIR)
                return explain(reterr_message, EEXIST, "there is something else of that name already; remove it first");
        return -errno;
}

static int transfer_aside(Transfer *c, int from_fd, int to_dir, const char *name)
{
        _cleanup_free_ char *temporary = NULL;
        int r;

        r = temporary_name(name, &temporary);
        if (r < 0)
                return r;
        r = transfer_one(c, from_fd, to_dir, temporary);
        if (r >= 0)
                r = move_into_place(to_dir, temporary, name, c->reterr_message);
        if (r < 0)
                (void) rm_rf_at(to_dir, temporary);
        return r;
}

int tree_transfer(const TreeTransfer *t, int from_fd, int to_dir_fd, const char *name, char **reterr_message)
{
        Transfer c = { .how = t, .reterr_message = reterr_message };
        int bits = prctl(PR_GET_SECUREBITS), r;
        uid_t uid;
        gid_t gid;

        r = fd_make_room(FDS_PER_LEVEL * TREE_DEPTH_MAX);
        if (r < 0)
                return r;
        /* On a mount that maps IDs, only mapped users can create anything: this becomes the pod's root and keeps all
         * our capabilities (capabilities(7), SECBIT_NO_SETUID_FIXUP). */
        if (bits < 0 || prctl(PR_SET_SECUREBITS, bits | SECBIT_NO_SETUID_FIXUP) < 0)
                return -errno;
        gid = (gid_t) setfsgid(t->to_base);
        uid = (uid_t) setfsuid(t->to_base);
        r = transfer_aside(&c, from_fd, to_dir_fd, name);
        (void) setfsuid(uid);
        (void) setfsgid(gid);
        return prctl(PR_SET_SECUREBITS, bits) < 0 && r >= 0 ? -errno : r;
}
