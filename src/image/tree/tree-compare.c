/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <sys/xattr.h>

#include "basic/fs.h"
#include "image/tree/hard-links.h"
#include "image/tree/merged-tree.h"
#include "image/tree/tree-compare.h"

#define BLOCK_SIZE (64U * 1024)

typedef struct Compare {
        int wanted_fd;
        int found_fd;
        char *const *implied;
        size_t n_implied;
        HardLinks wanted_links, found_links;
        TreeDifference report;
        void *userdata;
        char *blocks[2];        /* to read into */
} Compare;

/* One of the two files at a path. */
typedef struct Side {
        int fd;                 /* with O_PATH if it is neither file nor directory */
        struct stat st;
} Side;

typedef struct Pair {
        const char *path;
        Side wanted, found;
} Pair;

static bool is_relevant(const char *attribute)
{
        return startswith(attribute, "user.") || startswith(attribute, "system.posix_acl_") ||
               startswith(attribute, "trusted.overlay.") || streq(attribute, "security.capability");
}

/* The attributes as text, "NAME=HEX" sorted. Symbolic links cannot have those that are compared. */
static int read_xattrs(const Side *side, char ***ret)
{
        _cleanup_strv_free_ char **lines = new0(char *, 1);
        _cleanup_free_ char *names = NULL;
        ssize_t n;

        if (!lines)
                return -ENOMEM;
        n = S_ISREG(side->st.st_mode) || S_ISDIR(side->st.st_mode) ? flistxattr(side->fd, NULL, 0) : 0;
        if (n < 0 && errno != EOPNOTSUPP)
                return -errno;
        names = new0(char, (size_t) MAX(n, (ssize_t) 0) + 1);
        if (!names)
                return -ENOMEM;
        if (n > 0)
                n = flistxattr(side->fd, names, (size_t) n);
        for (const char *name = names; n > 0 && name < names + n; name += strlen(name) + 1) {
                _cleanup_free_ char *value = NULL;
                ssize_t k;
                int r;

                if (!is_relevant(name))
                        continue;
                k = fgetxattr(side->fd, name, NULL, 0);
                value = k < 0 ? NULL : new0(char, 2 * (size_t) k + 1);
                if (k < 0)
                        return -errno;
                if (!value)
                        return -ENOMEM;
                /* It is read into the second half, and written as digits from the front. */
                k = fgetxattr(side->fd, name, value + k, (size_t) k);
                if (k < 0)
                        return -errno;
                for (ssize_t i = 0; i < k; i++) {
                        unsigned char c = (unsigned char) value[k + i];

                        value[2 * i] = "0123456789abcdef"[c >> 4];
                        value[2 * i + 1] = "0123456789abcdef"[c & 15];
                }
                r = strv_extendf(&lines, "%s=%s", name, value);
                if (r < 0)
                        return r;
        }
        strv_sort(lines);
        *ret = TAKE_PTR(lines);
        return 0;
}

/* These return 1 for "the same" and 0 for "differs". */

static int same_xattrs(Compare *c, const Pair *p)
{
        _cleanup_strv_free_ char **a = NULL, **b = NULL;
        size_t n;
        int r;

        r = read_xattrs(&p->wanted, &a);
        if (r < 0)
                return r;
        r = read_xattrs(&p->found, &b);
        if (r < 0)
                return r;
        n = strv_length(a);
        if (n != strv_length(b))
                return 0;
        for (size_t i = 0; i < n; i++)
                if (!streq(a[i], b[i]))
                        return 0;
        return 1;
}

static int same_size(Compare *c, const Pair *p)
{
        return !S_ISREG(p->wanted.st.st_mode) || p->wanted.st.st_size == p->found.st.st_size;
}

static int same_content(Compare *c, const Pair *p)
{
        if (!S_ISREG(p->wanted.st.st_mode) || p->wanted.st.st_size != p->found.st.st_size)
                return 1;
        for (;;) {
                ssize_t n = loop_read(p->wanted.fd, c->blocks[0], BLOCK_SIZE);
                ssize_t k = n < 0 ? n : loop_read(p->found.fd, c->blocks[1], BLOCK_SIZE);

                /* If the wanted file cannot be read, that is an error; if the found one cannot, it differs. */
                if (n < 0)
                        return (int) n;
                if (k != n || memcmp(c->blocks[0], c->blocks[1], (size_t) n) != 0)
                        return 0;
                if (n == 0)
                        return 1;
        }
}

static int same_mode(Compare *c, const Pair *p)
{
        return p->wanted.st.st_mode == p->found.st.st_mode;
}

static int same_owner(Compare *c, const Pair *p)
{
        return p->wanted.st.st_uid == p->found.st.st_uid && p->wanted.st.st_gid == p->found.st.st_gid;
}

static int same_times(Compare *c, const Pair *p)
{
        const struct timespec *a = &p->wanted.st.st_mtim, *b = &p->found.st.st_mtim;

        /* Whiteouts, and directories that the archive has no entry for, were just made. */
        if (S_ISCHR(p->wanted.st.st_mode) && p->wanted.st.st_rdev == 0)
                return 1;
        return (a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec) ||
               strv_sorted_contains(c->implied, c->n_implied, p->path);
}

static int same_device(Compare *c, const Pair *p)
{
        return (!S_ISCHR(p->wanted.st.st_mode) && !S_ISBLK(p->wanted.st.st_mode)) ||
               p->wanted.st.st_rdev == p->found.st.st_rdev;
}

static int same_target(Compare *c, const Pair *p)
{
        char a[PATH_MAX], b[PATH_MAX];
        ssize_t n, k;

        if (!S_ISLNK(p->wanted.st.st_mode))
                return 1;
        n = readlinkat(p->wanted.fd, "", a, sizeof(a));
        k = readlinkat(p->found.fd, "", b, sizeof(b));
        return n < 0 ? -errno : n == k && memcmp(a, b, (size_t) n) == 0;
}

/* Both are walked in the same order, so the first of a file's names is the same. */
static int same_hard_link(Compare *c, const Pair *p)
{
        const char *wanted, *found;
        int r;

        r = hard_links_see(&c->wanted_links, &p->wanted.st, p->path, &wanted);
        if (r < 0)
                return r;
        r = hard_links_see(&c->found_links, &p->found.st, p->path, &found);
        return r < 0 ? r : streq_ptr(wanted, found);
}

static const struct {
        const char *what;
        int (*same)(Compare *c, const Pair *p);
} checks[] = {
        { "mode", same_mode },
        { "owner", same_owner },
        { "times", same_times },
        { "size", same_size },
        { "content", same_content },
        { "link target", same_target },
        { "device", same_device },
        { "hard link", same_hard_link },
        { "xattrs", same_xattrs },
};

static int report_difference(Compare *c, const char *path, const char *what)
{
        _cleanup_free_ char *absolute = strjoin("/", path);

        return absolute ? c->report(absolute, what, c->userdata) : -ENOMEM;
}

/* -ENOENT: there is nothing at the path. */
static int open_side(int top_fd, const char *path, Side *ret)
{
        const char *name = *path ? path : ".";
        bool plain;

        if (fstatat(top_fd, name, &ret->st, AT_SYMLINK_NOFOLLOW) < 0)
                return -errno;
        plain = S_ISREG(ret->st.st_mode) || S_ISDIR(ret->st.st_mode);
        ret->fd = openat(top_fd, name, (plain ? O_RDONLY | O_NONBLOCK : O_PATH) | O_NOFOLLOW | O_CLOEXEC);
        return ret->fd < 0 ? -errno : 0;
}

static int compare_path(Compare *c, const char *path);

static int compare_directories(Compare *c, const char *path)
{
        _cleanup_strv_free_ char **names = NULL, **others = NULL;
        int r;

        r = list_directory_all_at(c->wanted_fd, *path ? path : ".", &names);
        if (r < 0)
                return r;
        r = list_directory_all_at(c->found_fd, *path ? path : ".", &others);
        if (r < 0)
                return r;

        /* Both are sorted. */
        for (char **a = names, **b = others; *a || *b;) {
                int k = !*a ? 1 : !*b ? -1 : strcmp(*a, *b);
                _cleanup_free_ char *child = merged_path(path, k > 0 ? *b : *a);

                if (!child)
                        return -ENOMEM;
                r = k < 0   ? report_difference(c, child, "missing")
                    : k > 0 ? report_difference(c, child, "extra")
                            : compare_path(c, child);
                if (r < 0)
                        return r;
                a += k <= 0;
                b += k >= 0;
        }
        return 0;
}

static int compare_pair(Compare *c, const Pair *p)
{
        if ((p->wanted.st.st_mode & S_IFMT) != (p->found.st.st_mode & S_IFMT))
                return report_difference(c, p->path, "type");
        for (size_t i = 0; i < ELEMENTSOF(checks); i++) {
                int r = checks[i].same(c, p);

                if (r == 0)
                        r = report_difference(c, p->path, checks[i].what);
                if (r < 0)
                        return r;
        }
        return S_ISDIR(p->wanted.st.st_mode) ? 1 : 0;
}

static int open_and_compare(Compare *c, Pair *p)
{
        int r = open_side(c->wanted_fd, p->path, &p->wanted);

        if (r < 0)
                return r;
        if (open_side(c->found_fd, p->path, &p->found) < 0)
                return report_difference(c, p->path, "content");
        return compare_pair(c, p);
}

static int compare_path(Compare *c, const char *path)
{
        Pair p = { .path = path, .wanted.fd = -EBADF, .found.fd = -EBADF };
        int r = open_and_compare(c, &p);

        safe_close(p.wanted.fd);
        safe_close(p.found.fd);
        return r > 0 ? compare_directories(c, path) : r;
}

int tree_compare(int wanted_fd, int found_fd, char *const *implied, TreeDifference report, void *userdata)
{
        _cleanup_free_ char *a = new_array(char, BLOCK_SIZE), *b = new_array(char, BLOCK_SIZE);
        Compare c = { .wanted_fd = wanted_fd, .found_fd = found_fd, .implied = implied,
                      .n_implied = strv_length(implied), .report = report, .userdata = userdata,
                      .blocks = { a, b } };
        int r = a && b ? compare_path(&c, "") : -ENOMEM;

        hard_links_done(&c.wanted_links);
        hard_links_done(&c.found_links);
        return r;
}
