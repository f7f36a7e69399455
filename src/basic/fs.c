/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <inttypes.h>
#include <linux/openat2.h>
#include <linux/securebits.h>
#include <sys/fsuid.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/syscall.h>

#include "basic/alloc.h"
#include "basic/fs.h"
#include "basic/path.h"
#include "basic/strv.h"

#define LINKS_MAX 40 /* as the kernel has it, path_resolution(7) */

static int read_file_fd(int fd, size_t max, char **ret, size_t *ret_size)
{
        _cleanup_free_ char *data = NULL;
        size_t size = 0, room = 0;
        struct stat st;
        int r;

        if (fstat(fd, &st) < 0)
                return -errno;
        if (S_ISDIR(st.st_mode))
                return -EISDIR;
        if (S_ISREG(st.st_mode) && (uint64_t) st.st_size > max)
                return -EFBIG;

        for (;;) {
                ssize_t k;

                r = ARRAY_GROW(data, room, size, MAX((size_t) st.st_size, (size_t) 4096) + 1);
                if (r < 0)
                        return r;
                k = loop_read(fd, data + size, room - size - 1);
                if (k < 0)
                        return (int) k;
                size += (size_t) k;
                if (size > max)
                        return -EFBIG;
                if (size < room - 1)
                        break;
        }

        data[size] = 0;
        *ret = TAKE_PTR(data);
        if (ret_size)
                *ret_size = size;
        return 0;
}

int read_file_at(int dir_fd, const char *path, size_t max, char **ret, size_t *ret_size)
{
        _cleanup_close_ int fd = openat(dir_fd, path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

        return fd < 0 ? -errno : read_file_fd(fd, max, ret, ret_size);
}

/* Do not even open a device: with some, opening has effects. */
static int read_regular_file(int path_fd, size_t max, char **ret, size_t *ret_size)
{
        char proc[PROC_FD_PATH_MAX];
        struct stat st;

        if (fstat(path_fd, &st) < 0)
                return -errno;
        if (S_ISLNK(st.st_mode))
                return -ELOOP;
        return S_ISREG(st.st_mode) ? read_file_at(AT_FDCWD, proc_fd_path(path_fd, proc), max, ret, ret_size) : -EINVAL;
}

int read_foreign_file_at(int dir_fd, const char *path, size_t max, char **ret, size_t *ret_size)
{
        _cleanup_close_ int fd = openat(dir_fd, path, O_PATH | O_CLOEXEC | O_NOFOLLOW);

        return fd < 0 ? -errno : read_regular_file(fd, max, ret, ret_size);
}

/* What the caller has open already, such as a shell's <(…), is there to be read. */
static bool is_open_here(const char *path)
{
        return streq(path, "/dev/stdin") || startswith(path, "/dev/fd/") || startswith(path, "/proc/self/fd/");
}

int read_named_file(const char *path, size_t max, char **ret, size_t *ret_size)
{
        _cleanup_close_ int fd = open(path, O_PATH | O_CLOEXEC);
        struct stat st;

        if (is_open_here(path))
                return read_file_at(AT_FDCWD, path, max, ret, ret_size);
        if (fd < 0 || fstat(fd, &st) < 0)
                return -errno;
        return S_ISDIR(st.st_mode) ? -EISDIR : read_regular_file(fd, max, ret, ret_size);
}

int read_file_in_root(int root_fd, const char *path, size_t max, char **ret, size_t *ret_size)
{
        _cleanup_close_ int fd = open_in_root(root_fd, path, O_PATH);

        return fd < 0 ? fd : read_regular_file(fd, max, ret, ret_size);
}

int temporary_name(const char *path, char **ret)
{
        uint64_t random;

        if (getrandom(&random, sizeof(random), 0) != sizeof(random))
                return -EIO;
        *ret = strprintf("%.*s.%016" PRIx64 ".tmp", (int) (path_basename(path) - path), path, random);
        return *ret ? 0 : -ENOMEM;
}

bool is_temporary_name(const char *name)
{
        size_t n = *name == '.' ? strspn(name + 1, "0123456789abcdef") : 0;

        return n == 16 && streq(name + 1 + n, ".tmp");
}

int open_temporary_at(int dir_fd, const char *path, mode_t mode, char **ret_name)
{
        for (;;) {
                _cleanup_free_ char *name = NULL;
                int fd, r = temporary_name(path, &name);

                if (r < 0)
                        return r;
                fd = openat(dir_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
                if (fd >= 0) {
                        *ret_name = TAKE_PTR(name);
                        return fd;
                }
                if (errno != EEXIST)
                        return -errno;
        }
}

int write_file_at(int dir_fd, const char *path, const void *data, size_t n, mode_t mode)
{
        _cleanup_free_ char *temporary = NULL;
        _cleanup_close_ int fd = -EBADF;
        int r;

        fd = open_temporary_at(dir_fd, path, mode, &temporary);
        if (fd < 0)
                return fd;

        r = loop_write(fd, data, n);
        if (r >= 0 && fsync(fd) < 0)
                r = -errno;
        if (r >= 0 && renameat(dir_fd, temporary, dir_fd, path) < 0)
                r = -errno;
        if (r < 0)
                (void) unlinkat(dir_fd, temporary, 0);
        return r;
}

int write_string_at(int dir_fd, const char *path, const char *s, mode_t mode)
{
        _cleanup_close_ int fd = openat(dir_fd, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);

        if (fd < 0)
                return -errno;
        return loop_write(fd, s, strlen(s));
}

int mkdir_p_at(int dir_fd, const char *path, mode_t mode)
{
        _cleanup_free_ char *parents = strdup(path);

        if (!parents)
                return -ENOMEM;

        for (char *p = parents + strspn(parents, "/"); (p = strchr(p, '/')); *p++ = '/') {
                *p = 0;
                if (mkdirat(dir_fd, parents, mode) < 0 && errno != EEXIST)
                        return -errno;
        }
        return mkdirat(dir_fd, parents, mode) < 0 && errno != EEXIST ? -errno : 0;
}

int open_directory_at(int dir_fd, const char *path)
{
        int fd = openat(dir_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        return fd < 0 ? -errno : fd;
}

int mkdir_open_at(int dir_fd, const char *path, mode_t mode)
{
        int fd = open_directory_at(dir_fd, path);

        if (fd != -ENOENT)
                return fd;

        int r = mkdir_p_at(dir_fd, path, mode);
        return r < 0 ? r : open_directory_at(dir_fd, path);
}

/* Removal takes a few open directories, however deep the tree is: anything deeper is moved up into the topmost
 * directory and removed from there. Paths would not do, since they end at PATH_MAX. */
#define RM_RF_DEPTH 16U

typedef struct Removal {
        dev_t device;
        int top_fd;
        bool moved;     /* something was moved up, maybe behind the read position in the topmost directory */
} Removal;

/* Root needs no permission to empty a directory, and its owner may give it to himself. */
static void allow_owner(int dir_fd, const char *name)
{
        struct stat st;

        if (geteuid() != 0 && fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) >= 0 && S_ISDIR(st.st_mode) &&
            (st.st_mode & S_IRWXU) != S_IRWXU)
                (void) fchmodat(dir_fd, name, (st.st_mode & 07777) | S_IRWXU, 0);
}

static int rm_rf_entry(Removal *m, unsigned depth, int fd, const struct dirent *entry);

static int rm_rf_children(Removal *m, unsigned depth, int fd)
{
        _cleanup_closedir_ DIR *d = fdopendir(fd);
        int first_error = 0;

        if (!d) {
                int saved = errno;
                safe_close(fd);
                return -saved;
        }

        for (struct dirent *entry; (entry = readdir(d));) {
                int r;

                if (streq(entry->d_name, ".") || streq(entry->d_name, ".."))
                        continue;
                r = rm_rf_entry(m, depth, dirfd(d), entry);
                first_error = first_error ?: r;
        }
        return first_error;
}

/* Uses a name that nothing in there can already have, except by chance. */
static int move_up(Removal *m, int fd, const char *name)
{
        uint64_t random;
        char up[2 * sizeof(random) + 1];
        int r;

        do {
                if (getrandom(&random, sizeof(random), 0) != sizeof(random))
                        return -EIO;
                (void) snprintf(up, sizeof(up), "%016" PRIx64, random);
                r = rename_noreplace(fd, name, m->top_fd, up);
        } while (r == -EEXIST);
        m->moved = m->moved || r >= 0;
        return r;
}

static int remove_directory(int fd, const char *name)
{
        return unlinkat(fd, name, AT_REMOVEDIR) < 0 && errno != ENOENT ? -errno : 0;
}

static int rm_rf_entry(Removal *m, unsigned depth, int fd, const struct dirent *entry)
{
        _cleanup_close_ int child = -EBADF;
        int error = 0, r;
        struct stat st;

        if (entry->d_type != DT_DIR) {
                if (unlinkat(fd, entry->d_name, 0) >= 0 || errno == ENOENT)
                        return 0;
                error = errno;
        }
        allow_owner(fd, entry->d_name);
        child = openat(fd, entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (child < 0 || fstat(child, &st) < 0)
                return errno == ENOENT ? 0 : errno == ENOTDIR || errno == ELOOP ? -error : -errno;
        if (st.st_dev != m->device)
                return -EXDEV;
        if (depth == RM_RF_DEPTH) {
                r = remove_directory(fd, entry->d_name);
                return r == -ENOTEMPTY ? move_up(m, fd, entry->d_name) : r;
        }
        r = rm_rf_children(m, depth + 1, TAKE_FD(child));
        return r < 0 ? r : remove_directory(fd, entry->d_name);
}

/* Repeat as long as something was moved up; each thing is moved up at most once. */
static int rm_rf_tree(int fd, dev_t device)
{
        Removal m = { .device = device, .top_fd = fd };
        int r;

        do {
                int again = open_directory_at(fd, ".");

                m.moved = false;
                r = again < 0 ? again : rm_rf_children(&m, 0, again);
        } while (m.moved);
        return r;
}

int rm_rf_at(int dir_fd, const char *path)
{
        _cleanup_close_ int fd = -EBADF;
        struct stat st;
        int r;

        allow_owner(dir_fd, path);
        fd = openat(dir_fd, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0) {
                if (errno == ENOENT)
                        return 0;
                if (errno != ENOTDIR && errno != ELOOP)
                        return -errno;
                return unlinkat(dir_fd, path, 0) < 0 && errno != ENOENT ? -errno : 0;
        }

        if (fstat(fd, &st) < 0)
                return -errno;
        r = rm_rf_tree(fd, st.st_dev);
        return r < 0 ? r : remove_directory(dir_fd, path);
}

/* While anything in the system is being renamed or mounted, openat2(2) does not resolve "..": it returns EAGAIN. */
int open_resolving(int dir_fd, const char *path, int flags, uint64_t resolve)
{
        struct open_how how = { .flags = (uint64_t) (flags | O_CLOEXEC), .resolve = resolve };
        long fd;

        do
                fd = syscall(SYS_openat2, dir_fd, path, &how, sizeof(how));
        while (fd < 0 && (errno == EAGAIN || errno == EINTR));
        return fd < 0 ? -errno : (int) fd;
}

int open_in_root(int root_fd, const char *path, int flags)
{
        return open_resolving(root_fd, path, flags, RESOLVE_IN_ROOT);
}

static int make_inode(int parent_fd, const char *name, mode_t mode)
{
        int k = S_ISDIR(mode) ? mkdirat(parent_fd, name, mode & 07777) : mknodat(parent_fd, name, mode, 0);

        return k < 0 ? -errno : 0;
}

/* On a mount that maps IDs, only mapped users can create anything: this becomes the owner, and keeps all our
 * capabilities (capabilities(7), SECBIT_NO_SETUID_FIXUP). */
static int make_inode_as(int parent_fd, const char *name, mode_t mode, uid_t owner)
{
        int bits = prctl(PR_GET_SECUREBITS), r;
        uid_t uid;
        gid_t gid;

        if (bits < 0 || prctl(PR_SET_SECUREBITS, bits | SECBIT_NO_SETUID_FIXUP) < 0)
                return -errno;
        gid = (gid_t) setfsgid(owner);
        uid = (uid_t) setfsuid(owner);
        r = make_inode(parent_fd, name, mode);
        (void) setfsuid(uid);
        (void) setfsgid(gid);
        return prctl(PR_SET_SECUREBITS, bits) < 0 && r >= 0 ? -errno : r;
}

static int make_owned(int parent_fd, const char *name, mode_t mode, uid_t owner)
{
        int r = make_inode(parent_fd, name, mode);

        if (r == -EOVERFLOW)
                return make_inode_as(parent_fd, name, mode, owner);
        if (r < 0)
                return r;
        return fchownat(parent_fd, name, owner, owner, AT_SYMLINK_NOFOLLOW) < 0 ? -errno : 0;
}

static int mkdir_owned(int parent_fd, const char *name, mode_t mode, uid_t owner)
{
        int r = make_owned(parent_fd, name, S_IFDIR | mode, owner);

        return r == -EEXIST ? 0 : r;
}

int mkdir_in_root(int root_fd, const char *path, mode_t mode, uid_t owner)
{
        _cleanup_free_ char *partial = strdup(path);
        _cleanup_close_ int fd = open_in_root(root_fd, "/", O_PATH | O_DIRECTORY);

        if (!partial)
                return -ENOMEM;

        /* Each longer prefix of the path in turn, from the root: links in it may lead anywhere inside. */
        for (char *p = partial + strspn(partial, "/"); fd >= 0 && *p;) {
                _cleanup_close_ int parent = TAKE_FD(fd);
                size_t n = strcspn(p, "/");
                char end = p[n];

                p[n] = 0;
                fd = open_in_root(root_fd, partial, O_PATH | O_DIRECTORY);
                if (fd == -ENOENT) {
                        fd = mkdir_owned(parent, p, mode, owner);
                        if (fd >= 0)
                                fd = open_in_root(root_fd, partial, O_PATH | O_DIRECTORY);
                }
                p[n] = end;
                p += n + strspn(p + n, "/");
        }
        return TAKE_FD(fd);
}

int make_file_in_root(int root_fd, const char *path, mode_t mode, mode_t directory_mode, uid_t owner)
{
        _cleanup_free_ char *parent_path = strndup(path, (size_t) (path_basename(path) - path));
        _cleanup_close_ int parent = -EBADF;
        int r;

        if (!parent_path)
                return -ENOMEM;
        parent = mkdir_in_root(root_fd, parent_path, directory_mode, owner);
        if (parent < 0)
                return parent;
        r = make_owned(parent, path_basename(path), S_IFREG | mode, owner);
        return r < 0 ? r : open_in_root(root_fd, path, O_PATH | O_NOFOLLOW);
}

/* 1: it was a link, and the rest to follow, and the directory to follow it from, have changed. */
static int follow_link(int root_fd, const char *candidate, char **done, char **rest)
{
        _cleanup_close_ int fd = open_in_root(root_fd, candidate, O_PATH | O_NOFOLLOW);
        _cleanup_free_ char *longer = NULL;
        char target[PATH_MAX];
        struct stat st;
        ssize_t n;

        if (fd == -ENOENT || fd == -ENOTDIR)
                return 0;
        if (fd < 0)
                return fd;
        if (fstat(fd, &st) < 0)
                return -errno;
        if (!S_ISLNK(st.st_mode))
                return 0;
        n = readlinkat(fd, "", target, sizeof(target) - 1);
        if (n < 0)
                return -errno;
        target[n] = 0;

        longer = strjoin(target, "/", *rest);
        if (!longer)
                return -ENOMEM;
        free(*rest);
        *rest = TAKE_PTR(longer);
        if (path_is_absolute(target))
                (*done)[0] = 0;
        return 1;
}

/* Takes the next component off the front of the rest. */
static int follow_component(int root_fd, char **done, char **rest, unsigned *links)
{
        const char *name = *rest + strspn(*rest, "/");
        size_t n = strcspn(name, "/");
        _cleanup_free_ char *component = strndup(name, n), *candidate = NULL, *left = strdup(name + n);
        char *slash;
        int r;

        if (!component || !left)
                return -ENOMEM;
        free(*rest);
        *rest = TAKE_PTR(left);
        if (streq(component, "..")) {
                slash = strrchr(*done, '/');
                if (slash)
                        *slash = 0;
        }
        if (n == 0 || streq(component, ".") || streq(component, ".."))
                return 0;

        candidate = strjoin(*done, "/", component);
        if (!candidate)
                return -ENOMEM;
        r = follow_link(root_fd, candidate, done, rest);
        if (r > 0)
                return ++*links > LINKS_MAX ? -ELOOP : 0;
        if (r >= 0) {
                free(*done);
                *done = TAKE_PTR(candidate);
        }
        return r;
}

int follow_in_root(int root_fd, const char *path, char **ret)
{
        _cleanup_free_ char *done = strdup(""), *rest = strdup(path);
        unsigned links = 0;
        int r = done && rest ? 0 : -ENOMEM;

        while (r >= 0 && *rest)
                r = follow_component(root_fd, &done, &rest, &links);
        if (r < 0)
                return r;
        *ret = *done ? TAKE_PTR(done) : strdup("/");
        return *ret ? 0 : -ENOMEM;
}

static int fsync_directory(int dir_fd)
{
        _cleanup_close_ int fd = open_directory_at(dir_fd, ".");

        if (fd < 0)
                return fd;
        return fsync(fd) < 0 ? -errno : 0;
}

int rename_sync(int old_dir_fd, const char *old, int new_dir_fd, const char *new_name)
{
        int r;

        if (renameat(old_dir_fd, old, new_dir_fd, new_name) < 0)
                return -errno;

        r = fsync_directory(new_dir_fd);
        return r < 0 ? r : fsync_directory(old_dir_fd);
}

int rename_noreplace(int old_dir_fd, const char *old, int new_dir_fd, const char *new_name)
{
        return renameat2(old_dir_fd, old, new_dir_fd, new_name, RENAME_NOREPLACE) < 0 ? -errno : 0;
}

static bool is_hidden(const char *name)
{
        return *name == '.';
}

static bool is_self_or_parent(const char *name)
{
        return streq(name, ".") || streq(name, "..");
}

/* Appends to an array of known length: directories may have many thousands of names. */
static int read_names(DIR *d, bool (*skip)(const char *name), char ***names)
{
        size_t n = 0, n_allocated = 1;
        int r;

        for (struct dirent *entry; (errno = 0, entry = readdir(d));) {
                if (skip(entry->d_name))
                        continue;
                r = ARRAY_GROW(*names, n_allocated, n, 2);
                if (r < 0)
                        return r;
                (*names)[n] = strdup(entry->d_name);
                (*names)[n + 1] = NULL;
                if (!(*names)[n++])
                        return -ENOMEM;
        }
        return -errno;
}

static int list_directory(int dir_fd, const char *path, bool (*skip)(const char *name), char ***ret)
{
        _cleanup_strv_free_ char **names = new0(char *, 1);
        _cleanup_closedir_ DIR *d = NULL;
        int fd, r;

        if (!names)
                return -ENOMEM;

        fd = open_directory_at(dir_fd, path);
        if (fd < 0 && fd != -ENOENT)
                return fd;

        if (fd >= 0) {
                d = fdopendir(fd);
                if (!d) {
                        r = -errno;
                        safe_close(fd);
                        return r;
                }
                r = read_names(d, skip, &names);
                if (r < 0)
                        return r;
        }

        strv_sort(names);
        *ret = TAKE_PTR(names);
        return 0;
}

int list_directory_at(int dir_fd, const char *path, char ***ret)
{
        return list_directory(dir_fd, path, is_hidden, ret);
}

int list_directory_all_at(int dir_fd, const char *path, char ***ret)
{
        return list_directory(dir_fd, path, is_self_or_parent, ret);
}
