/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/xattr.h>

#include "basic/fs.h"
#include "image/tree/hard-links.h"
#include "image/tree/tree-copy.h"
#include "shared/explain.h"

static bool is_wanted(const char *attribute)
{
        return startswith(attribute, "user.") || startswith(attribute, "system.posix_acl_") ||
               streq(attribute, "security.capability");
}

/* Through /proc: links and devices can only be opened with O_PATH, and the calls for attributes do not take such
 * descriptors. */
static int copy_xattrs(const char *from, const char *to)
{
        _cleanup_free_ char *names = NULL, *value = NULL;
        ssize_t n = listxattr(from, NULL, 0);

        if (n <= 0)
                return n < 0 && errno != EOPNOTSUPP ? -errno : 0;
        names = new0(char, (size_t) n + 1);
        value = new_array(char, XATTR_SIZE_MAX);
        if (!names || !value)
                return -ENOMEM;
        n = listxattr(from, names, (size_t) n);
        for (const char *name = names; n > 0 && name < names + n; name += strlen(name) + 1) {
                ssize_t k;

                if (!is_wanted(name))
                        continue;
                k = getxattr(from, name, value, XATTR_SIZE_MAX);
                if (k < 0 || setxattr(to, name, value, (size_t) k, 0) < 0)
                        return -errno;
        }
        return 0;
}

int tree_copy_metadata(int from_fd, int to_fd)
{
        char from[PROC_FD_PATH_MAX], to[PROC_FD_PATH_MAX];
        struct stat st;
        int r;

        if (fstat(from_fd, &st) < 0 || fchownat(to_fd, "", st.st_uid, st.st_gid, AT_EMPTY_PATH) < 0)
                return -errno;
        if (!S_ISLNK(st.st_mode)) {
                /* After the owner, since changing the owner resets these. */
                if (chmod(proc_fd_path(to_fd, to), st.st_mode & 07777) < 0)
                        return -errno;
                r = copy_xattrs(proc_fd_path(from_fd, from), proc_fd_path(to_fd, to));
                if (r < 0)
                        return r;
        }
        return utimensat(to_fd, "", (struct timespec[]) { st.st_atim, st.st_mtim }, AT_EMPTY_PATH) < 0 ? -errno : 0;
}

/* Copies one piece between two holes. */
static int copy_range(int from, int to, off_t begin, off_t end)
{
        off_t in = begin, out = begin;

        while (in < end) {
                ssize_t k = copy_file_range(from, &in, to, &out, (size_t) (end - in), 0);

                if (k > 0)
                        continue;
                if (k == 0)
                        return -EIO;
                if (errno != EXDEV && errno != EINVAL && errno != EOPNOTSUPP && errno != ENOSYS)
                        return -errno;
                /* Some file systems do not support this: copy the rest of the file, including zeros for its holes. */
                if (lseek(from, in, SEEK_SET) < 0 || lseek(to, out, SEEK_SET) < 0)
                        return -errno;
                return copy_bytes(from, to);
        }
        return 0;
}

int tree_copy_contents(int from, int to, off_t size)
{
        off_t data, hole = 0;
        int r;

        if (ioctl(to, FICLONE, from) >= 0)
                return 0;
        while (hole < size && (data = lseek(from, hole, SEEK_DATA)) >= 0) {
                hole = lseek(from, data, SEEK_HOLE);
                if (hole < 0)
                        return -errno;
                r = copy_range(from, to, data, hole);
                if (r < 0)
                        return r;
        }
        if (hole < size && errno != ENXIO)
                return -errno;
        return ftruncate(to, size) < 0 ? -errno : 0;
}

typedef struct Copy {
        int to_fd;
        HardLinks links;
        char **reterr_message;
} Copy;

static int copy_regular(Copy *c, int from_dir, const char *path, const struct stat *st)
{
        _cleanup_close_ int from = openat(from_dir, path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC), to = -EBADF;
        int r;

        if (from < 0)
                return -errno;
        to = openat(c->to_fd, path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (to < 0)
                return -errno;
        r = tree_copy_contents(from, to, st->st_size);
        return r < 0 ? r : tree_copy_metadata(from, to);
}

static int copy_symlink(Copy *c, int from_dir, const char *path)
{
        char target[PATH_MAX];
        ssize_t n = readlinkat(from_dir, path, target, sizeof(target) - 1);

        if (n < 0)
                return -errno;
        target[n] = 0;
        return symlinkat(target, c->to_fd, path) < 0 ? -errno : 0;
}

static int copy_special(Copy *c, int from_dir, const char *path, const struct stat *st)
{
        _cleanup_close_ int from = -EBADF, to = -EBADF;
        int r;

        if (S_ISLNK(st->st_mode))
                r = copy_symlink(c, from_dir, path);
        else
                r = mknodat(c->to_fd, path, (st->st_mode & S_IFMT) | 0600, st->st_rdev) < 0 ? -errno : 0;
        if (r < 0)
                return r;
        from = openat(from_dir, path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
        to = openat(c->to_fd, path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
        return from < 0 || to < 0 ? -errno : tree_copy_metadata(from, to);
}

/* A directory gets its times, and its mode, which may forbid writing, only when it is complete. */
static int finish_directory(Copy *c, int from_dir, const char *path)
{
        _cleanup_close_ int from = open_directory_at(from_dir, path), to = open_directory_at(c->to_fd, path);

        return from < 0 ? from : to < 0 ? to : tree_copy_metadata(from, to);
}

static int copy_one(Copy *c, int from_dir, const char *path, const struct stat *st, bool leaving)
{
        const char *first;
        int r;

        if (S_ISDIR(st->st_mode)) {
                if (leaving)
                        return finish_directory(c, from_dir, *path ? path : ".");
                return *path && mkdirat(c->to_fd, path, 0700) < 0 ? -errno : 0;
        }
        r = hard_links_see(&c->links, st, path, &first);
        if (r < 0)
                return r;
        if (first)
                return linkat(c->to_fd, first, c->to_fd, path, 0) < 0 ? -errno : 0;
        return S_ISREG(st->st_mode) ? copy_regular(c, from_dir, path, st) : copy_special(c, from_dir, path, st);
}

static int visit(const MergedTree *t, const char *path, const MergedNode *node, bool leaving, void *userdata)
{
        Copy *c = userdata;
        int r;

        r = copy_one(c, t->layers[node->metadata].fd, path, &node->st, leaving);
        return r < 0 ? explain_context(c->reterr_message, r, "/%s", path) : 0;
}

int tree_copy_merged(const MergedTree *t, int to_fd, char **reterr_message)
{
        Copy c = { .to_fd = to_fd, .reterr_message = reterr_message };
        int r;

        r = merged_tree_walk(t, visit, &c);
        hard_links_done(&c.links);
        return r;
}
