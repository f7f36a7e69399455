/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <linux/openat2.h>
#include <search.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#include "basic/fs.h"
#include "image/tree/unpack-tree.h"

typedef struct Directory {
        struct timespec times[2];
        void *default_acl;
        size_t default_acl_size;
        bool implied;
        char path[];
} Directory;

static void directory_free(void *p)
{
        free(((Directory *) p)->default_acl);
        free(p);
}

static int directory_compare(const void *a, const void *b)
{
        return strcmp(((const Directory *) a)->path, ((const Directory *) b)->path);
}

/* Finds or makes the record of a directory, which counts as implied until an entry of its own is found. */
static Directory *remember(Tree *t, const char *path)
{
        size_t n = strlen(path) + 1;
        Directory *d, **found;

        d = calloc(1, sizeof(Directory) + n);
        if (!d)
                return NULL;
        d->implied = true;
        memcpy(d->path, path, n);

        found = tsearch(d, &t->directories, directory_compare);
        if (!found)
                return mfree(d);
        if (*found != d)
                free(d);
        return *found;
}

int tree_open(int top_fd, Tree *ret)
{
        Tree t = { .parent_fd = -EBADF };

        t.fd = open_directory_at(top_fd, ".");
        if (t.fd < 0)
                return t.fd;
        if (!remember(&t, "")) {
                tree_done(&t);
                return -ENOMEM;
        }
        *ret = t;
        return 0;
}

void tree_done(Tree *t)
{
        t->fd = safe_close(t->fd);
        t->parent_fd = safe_close(t->parent_fd);
        t->parent_path = mfree(t->parent_path);
        t->parent_real = mfree(t->parent_real);
        tdestroy(t->directories, directory_free);
        t->directories = NULL;
}

/* Removes the last component. */
static char *take_off(char *path, char *end)
{
        while (end > path && *--end != '/')
                ;
        return end;
}

const char *tree_error_text(int r)
{
        static const struct {
                int error;
                const char *text;
        } texts[] = {
                { -EXDEV, "leaves the tree" },
                { -ENAMETOOLONG, "has too long a name or is nested too deep" },
                { -ELOOP, "has a symbolic link as parent that leads to nothing in the archive" },
                { -ENOTDIR, "has a parent that is not a directory" },
                { -EEXIST, "occurs twice" },
                { -ENODATA, "is a symbolic link without a target" },
        };

        for (size_t i = 0; i < ELEMENTSOF(texts); i++)
                if (texts[i].error == r)
                        return texts[i].text;
        return NULL;
}

int tree_path(const char *name, char **ret)
{
        _cleanup_free_ char *path = NULL;
        unsigned depth = 0;
        char *q;

        if (isempty(name))
                return -EINVAL;
        q = path = new0(char, strlen(name) + 1);
        if (!path)
                return -ENOMEM;

        for (const char *p = name; *p;) {
                size_t n = strcspn(p, "/");

                if (n == 2 && memcmp(p, "..", 2) == 0) {
                        if (depth-- == 0)
                                return -EXDEV;
                        q = take_off(path, q);
                } else if (n > 0 && !(n == 1 && *p == '.')) {
                        if (++depth > TREE_DEPTH_MAX)
                                return -ENAMETOOLONG;
                        if (q > path)
                                *q++ = '/';
                        q = mempcpy(q, p, n);
                }
                p += n + (p[n] == '/');
        }
        *q = 0;

        *ret = TAKE_PTR(path);
        return 0;
}

static int open_beneath(int fd, const char *path)
{
        return open_resolving(fd, path, O_RDONLY | O_DIRECTORY,
                              RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS);
}

static bool is_whiteout(const struct stat *st)
{
        return S_ISCHR(st->st_mode) && st->st_rdev == makedev(0, 0);
}

int tree_give_way(int parent_fd, const char *name)
{
        struct stat st;

        if (fstatat(parent_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
                return -errno;
        if (!is_whiteout(&st))
                return -EEXIST;
        return unlinkat(parent_fd, name, 0) < 0 ? -errno : 0;
}

static int set_opaque(int fd)
{
        return fsetxattr(fd, "trusted.overlay.opaque", "y", 1, 0) < 0 ? -errno : 0;
}

/* Makes the directory if there is nothing, or in place of a whiteout, which makes it opaque, and opens it. */
static int make_directory(int parent_fd, const char *name)
{
        _cleanup_close_ int fd = -EBADF;
        bool opaque = false, made;
        int r;

        made = mkdirat(parent_fd, name, 0755) >= 0;
        if (!made && errno != EEXIST)
                return -errno;

        fd = open_beneath(parent_fd, name);
        if (fd == -ENOTDIR && tree_give_way(parent_fd, name) >= 0) {
                opaque = made = true;
                if (mkdirat(parent_fd, name, 0755) < 0)
                        return -errno;
                fd = open_beneath(parent_fd, name);
        }
        if (fd < 0)
                return fd;

        if (made && fchmod(fd, 0755) < 0)
                return -errno;
        if (opaque) {
                r = set_opaque(fd);
                if (r < 0)
                        return r;
        }
        return TAKE_FD(fd);
}

/* Walks down one component at a time, and makes missing ones. */
static int make_parents(Tree *t, const char *directory)
{
        _cleanup_free_ char *partial = strdup(directory);
        _cleanup_close_ int fd = -EBADF;

        if (!partial)
                return -ENOMEM;

        for (char *p = partial; *p;) {
                size_t n = strcspn(p, "/");
                char end = p[n];
                int child;

                p[n] = 0;
                child = make_directory(fd < 0 ? t->fd : fd, p);
                safe_close(fd);
                fd = child;
                if (fd < 0)
                        return fd;
                if (!remember(t, partial))
                        return -ENOMEM;
                if (!end)
                        break;
                p[n] = end;
                p += n + 1;
        }
        return TAKE_FD(fd);
}

typedef struct Follow {
        char done[PATH_MAX];    /* without links */
        char *end;
        char *rest;             /* yet to be walked */
        const char *at;         /* in rest */
        size_t own;             /* how many of its last bytes are the path's own; the others are of a link's target */
        unsigned n_links;
} Follow;

/* Continues with the target of the link, and then with the rest of the path. */
static int follow_link(Follow *f, const char *target)
{
        char *rest;

        if (++f->n_links > TREE_LINKS_MAX)
                return -ELOOP;
        f->own = MIN(f->own, strlen(f->at));
        rest = strjoin(target, "/", f->at);
        if (!rest)
                return -ENOMEM;
        free(f->rest);
        f->at = f->rest = rest;
        f->end = *target == '/' ? f->done : take_off(f->done, f->end);
        *f->end = 0;
        return 0;
}

static int check_directory(const Tree *t, const char *path)
{
        struct stat st;

        if (fstatat(t->fd, path, &st, AT_SYMLINK_NOFOLLOW) < 0)
                return errno == ENOENT ? -ELOOP : -errno;
        return S_ISDIR(st.st_mode) ? 0 : is_whiteout(&st) ? -ELOOP : -ENOTDIR;
}

static int follow_component(const Tree *t, Follow *f, size_t n)
{
        bool own = strlen(f->at) <= f->own;
        char target[PATH_MAX];
        ssize_t k;

        if ((size_t) (f->end - f->done) + n + 2 > sizeof(f->done))
                return -ENAMETOOLONG;
        if (f->end > f->done)
                *f->end++ = '/';
        f->end = mempcpy(f->end, f->at, n);
        *f->end = 0;
        f->at += n + (f->at[n] == '/');

        k = readlinkat(t->fd, f->done, target, sizeof(target) - 1);
        if (k >= 0) {
                target[k] = 0;
                return follow_link(f, target);
        }
        if (errno != EINVAL && errno != ENOENT && errno != ENOTDIR)
                return -errno;
        /* Missing components of the path itself may be made later, but a link must lead to something. */
        return own ? 0 : check_directory(t, f->done);
}

static int follow_all(const Tree *t, Follow *f)
{
        while (*f->at) {
                size_t n = strcspn(f->at, "/");
                int r;

                if (n == 2 && memcmp(f->at, "..", 2) == 0) {
                        f->end = take_off(f->done, f->end);
                        *f->end = 0;
                } else if (n > 0 && !(n == 1 && *f->at == '.')) {
                        r = follow_component(t, f, n);
                        if (r < 0)
                                return r;
                        continue;
                }
                f->at += n + (f->at[n] == '/');
        }
        return 0;
}

/* Resolves all links in the path, like a process that has the tree as its root directory: "/" and ".." of a link never
 * lead out of it. Since nothing in the tree is ever replaced, the result stays valid. */
static int follow(const Tree *t, const char *path, char **ret)
{
        Follow f = { .rest = strdup(path), .own = SIZE_MAX };
        int r;

        f.at = f.rest;
        f.end = f.done;
        if (!f.rest)
                return -ENOMEM;
        r = follow_all(t, &f);
        free(f.rest);
        if (r < 0)
                return r;
        /* Normalises the path, and refuses one that is too deep. */
        return *f.done ? tree_path(f.done, ret) : (*ret = strdup("")) ? 0 : -ENOMEM;
}

/* Opens a directory that may lie below links. *ret_real is its path without links. */
static int open_followed(Tree *t, const char *path, bool make, char **ret_real)
{
        _cleanup_free_ char *real = NULL;
        int fd, r;

        fd = open_beneath(t->fd, path);
        if (fd == -ELOOP || (make && (fd == -ENOENT || fd == -ENOTDIR))) {
                r = follow(t, path, &real);
                if (r < 0)
                        return r;
                fd = open_beneath(t->fd, *real ? real : ".");
                if (make && (fd == -ENOENT || fd == -ENOTDIR))
                        fd = make_parents(t, real);
        } else if (fd >= 0) {
                real = strdup(path);
                if (!real) {
                        safe_close(fd);
                        return -ENOMEM;
                }
        }
        if (fd >= 0)
                *ret_real = TAKE_PTR(real);
        return fd;
}

int tree_parent(Tree *t, const char *path, bool make, const char **ret_name)
{
        _cleanup_free_ char *parent = NULL, *real = NULL;
        const char *slash = strrchr(path, '/');
        int fd;

        if (!slash) {
                *ret_name = path;
                return t->fd;
        }

        *ret_name = slash + 1;
        parent = strndup(path, (size_t) (slash - path));
        if (!parent)
                return -ENOMEM;
        if (streq_ptr(parent, t->parent_path))
                return t->parent_fd;

        fd = open_followed(t, parent, make, &real);
        if (fd < 0)
                return fd;

        safe_close(t->parent_fd);
        t->parent_fd = fd;
        free(t->parent_path);
        t->parent_path = TAKE_PTR(parent);
        free(t->parent_real);
        t->parent_real = TAKE_PTR(real);
        return fd;
}

/* The path, without links, of a name in the parent that was requested last. */
static char *real_path(const Tree *t, const char *path, const char *name)
{
        return name == path || !*t->parent_real ? strdup(name) : strjoin(t->parent_real, "/", name);
}

int tree_directory(Tree *t, const char *path, const struct timespec times[static 2], void *default_acl,
                   size_t default_acl_size)
{
        _cleanup_free_ void *acl = default_acl;
        _cleanup_free_ char *real = NULL;
        _cleanup_close_ int fd = -EBADF;
        const char *name = path;
        Directory *d;
        int parent;

        if (isempty(path))
                fd = open_directory_at(t->fd, ".");
        else {
                parent = tree_parent(t, path, true, &name);
                if (parent < 0)
                        return parent;
                fd = make_directory(parent, name);
                if (fd == -ENOTDIR || fd == -ELOOP)
                        return -EEXIST;
        }
        if (fd < 0)
                return fd;

        real = real_path(t, path, name);
        d = real ? remember(t, real) : NULL;
        if (!d)
                return -ENOMEM;
        d->implied = false;
        memcpy(d->times, times, sizeof(d->times));
        free(d->default_acl);
        d->default_acl = TAKE_PTR(acl);
        d->default_acl_size = default_acl_size;
        return TAKE_FD(fd);
}

int tree_whiteout(Tree *t, const char *path)
{
        _cleanup_close_ int fd = -EBADF;
        const char *name;
        int parent;

        parent = tree_parent(t, path, true, &name);
        if (parent < 0)
                return parent;
        if (mknodat(parent, name, S_IFCHR, makedev(0, 0)) >= 0)
                return 0;
        if (errno != EEXIST)
                return -errno;

        fd = open_beneath(parent, name);
        if (fd == -ENOTDIR || fd == -ELOOP)
                return 0;
        return fd < 0 ? fd : set_opaque(fd);
}

int tree_opaque(Tree *t, const char *path)
{
        const char *name;
        int fd = tree_parent(t, path, true, &name);

        return fd < 0 ? fd : set_opaque(fd);
}

static int link_once(int target_parent, const char *target_name, int parent, const char *name)
{
        return linkat(target_parent, target_name, parent, name, 0) < 0 ? -errno : 0;
}

int tree_link(Tree *t, const char *target, const char *path)
{
        _cleanup_close_ int from = -EBADF;
        const char *name, *target_name;
        struct stat st;
        int parent, r;

        parent = tree_parent(t, target, false, &target_name);
        if (parent < 0)
                return parent;
        if (fstatat(parent, target_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
                return -errno;
        if (is_whiteout(&st))
                return -ENOENT;
        if (S_ISDIR(st.st_mode))
                return -EISDIR;

        /* A copy, since looking for the other parent may close the tree's fd. */
        from = fcntl(parent, F_DUPFD_CLOEXEC, 3);
        if (from < 0)
                return -errno;
        parent = tree_parent(t, path, true, &name);
        if (parent < 0)
                return parent;

        r = link_once(from, target_name, parent, name);
        if (r != -EEXIST)
                return r;
        r = tree_give_way(parent, name);
        if (r < 0)
                return r;
        return link_once(from, target_name, parent, name);
}

typedef struct Finish {
        Tree *tree;
        char **implied;
        size_t n_implied, n_allocated;
        int error;
} Finish;

static int finish_implied(Finish *f, const Directory *d)
{
        int r;

        r = ARRAY_GROW(f->implied, f->n_allocated, f->n_implied, 2);
        if (r < 0)
                return r;
        f->implied[f->n_implied + 1] = NULL;
        f->implied[f->n_implied] = strdup(d->path);
        return f->implied[f->n_implied++] ? 0 : -ENOMEM;
}

static int finish_directory(Finish *f, const Directory *d)
{
        static const struct timespec nobody_knows[2];
        const char *path = *d->path ? d->path : ".";

        if (d->implied && utimensat(f->tree->fd, path, nobody_knows, AT_SYMLINK_NOFOLLOW) < 0)
                return -errno;
        if (d->implied)
                return finish_implied(f, d);

        if (d->default_acl) {
                _cleanup_close_ int fd = open_beneath(f->tree->fd, path);

                if (fd < 0)
                        return fd;
                if (fsetxattr(fd, "system.posix_acl_default", d->default_acl, d->default_acl_size, 0) < 0)
                        return -errno;
        }
        return utimensat(f->tree->fd, path, d->times, AT_SYMLINK_NOFOLLOW) < 0 ? -errno : 0;
}

static void finish_visit(const void *node, VISIT which, void *closure)
{
        Finish *f = closure;

        if (f->error == 0 && (which == postorder || which == leaf))
                f->error = finish_directory(f, *(Directory *const *) node);
}

int tree_finish(Tree *t, char ***ret_implied)
{
        Finish f = { .tree = t };

        twalk_r(t->directories, finish_visit, &f);
        if (f.error < 0) {
                strv_free(f.implied);
                return f.error;
        }
        *ret_implied = f.implied;
        return 0;
}
