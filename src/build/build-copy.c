/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/mman.h>

#include "basic/fs.h"
#include "basic/path.h"
#include "build/build-copy.h"
#include "image/tree/hard-links.h"
#include "shared/explain.h"

/* What files say whose size is not known, and the most that such a one may have. */
#define MADE_SIZE 4096
#define MADE_MAX (16U * 1024 * 1024)

/* Ways up are as they are written. */
static size_t length_of_ways_up(const char *path)
{
        size_t n = 0;

        for (;;) {
                size_t k = strspn(path + n, ".");

                if (k < 1 || k > 2 || (path[n + k] && path[n + k] != '/'))
                        return n;
                n += k + strspn(path + n + k, "/");
        }
}

static int open_beneath(const char *path, size_t n_up)
{
        _cleanup_free_ char *up = n_up > 0 ? strndup(path, n_up) : strdup(".");
        _cleanup_close_ int fd = up ? open_directory_at(AT_FDCWD, up) : -ENOMEM;

        return fd < 0 || !path[n_up] ? TAKE_FD(fd)
                                     : open_resolving(fd, path + n_up, O_PATH | O_DIRECTORY | O_CLOEXEC,
                                                      RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS);
}

int build_copy_open_parent(const BuildCopy *copy, size_t source, const char **ret_name)
{
        const char *path = copy->sources[source], *name = path_basename(path);
        bool whole = isempty(name) || streq(name, ".") || streq(name, "..");
        _cleanup_free_ char *parent = whole ? strdup(path) : strndup(path, (size_t) (name - path));
        int fd;

        if (!parent)
                return -ENOMEM;
        *ret_name = whole ? "." : name;
        if (!copy->exact && !path_is_absolute(path))
                return open_beneath(parent, length_of_ways_up(parent));
        fd = open(*parent ? parent : ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
        return fd < 0 ? -errno : fd;
}

/* What was a file when it was planned may be a link by now: nothing is followed, and nothing but what it was, a file or
 * a directory, is opened. */
static int open_item(const BuildCopy *copy, const BuildCopyItem *item, struct stat *ret_st)
{
        const char *name;
        _cleanup_close_ int parent = build_copy_open_parent(copy, item->source, &name), top = -EBADF, fd = -EBADF;

        if (parent < 0)
                return parent;
        if (*item->below) {
                top = openat(parent, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
                if (top < 0)
                        return -errno;
                fd = open_resolving(top, item->below, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC,
                                    RESOLVE_NO_SYMLINKS | RESOLVE_BENEATH);
                if (fd < 0)
                        return fd;
        } else {
                fd = openat(parent, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
                if (fd < 0)
                        return -errno;
        }
        if (fstat(fd, ret_st) < 0)
                return -errno;
        return (ret_st->st_mode & S_IFMT) == (item->mode & S_IFMT) ? TAKE_FD(fd) : -EAGAIN;
}

typedef struct CopyWriter {
        const BuildCopy *copy;
        BuildTar *tar;
        HardLinks links;
        char **reterr_message;
} CopyWriter;

/* Files of /proc and /sys are made when they are read, and say of their size that it is 0, or a page. Returns an fd of
 * what there is to read, or -ENODATA: what the file says of its size is right. */
static int read_made_file(int fd, const struct stat *st, uint64_t *ret_size, char **reterr_message)
{
        char path[PROC_FD_PATH_MAX];
        _cleanup_free_ char *data = NULL;
        _cleanup_close_ int copy = -EBADF;
        size_t n;
        int r;

        if (!S_ISREG(st->st_mode) || st->st_blocks > 0 || st->st_size > MADE_SIZE)
                return -ENODATA;
        r = read_file_at(AT_FDCWD, proc_fd_path(fd, path), MADE_MAX, &data, &n);
        if (r < 0)
                return r == -EFBIG ? explain(reterr_message, r, "has more than %u bytes, and does not say how many",
                                             MADE_MAX)
                                   : r;
        if (n == (uint64_t) st->st_size)
                return -ENODATA;
        copy = memfd_create("file", MFD_CLOEXEC);
        r = copy < 0 ? -errno : loop_write(copy, data, n);
        if (r < 0 || lseek(copy, 0, SEEK_SET) < 0)
                return r < 0 ? r : -errno;
        *ret_size = n;
        return TAKE_FD(copy);
}

static int write_opened(CopyWriter *w, const BuildEntry *wish, int fd, const struct stat *st)
{
        BuildEntry entry = *wish;
        const char *first = NULL;
        _cleanup_close_ int made = fd >= 0 ? read_made_file(fd, st, &entry.size, w->reterr_message) : -ENODATA;
        int contents = made >= 0 ? made : S_ISREG(entry.mode) ? fd : -EBADF;
        int r = made < 0 && made != -ENODATA ? made : 0;

        if (r >= 0 && w->copy->exact && contents >= 0)
                r = hard_links_see(&w->links, st, entry.path, &first);
        if (r < 0)
                return r;
        return first ? build_tar_link(w->tar, entry.path, first, w->reterr_message)
                     : build_tar_add_exact(w->tar, &entry, contents, w->copy->exact ? fd : -EBADF, w->reterr_message);
}

static int write_item(CopyWriter *w, const BuildCopyItem *item)
{
        const BuildEntry entry = {
                .path = item->path, .mode = item->mode, .uid = item->uid, .gid = item->gid, .size = item->size,
                .target = item->target, .device = item->device,
        };
        bool opened = S_ISREG(item->mode) || (w->copy->exact && S_ISDIR(item->mode) && item->source != SIZE_MAX);
        struct stat st = {};
        _cleanup_close_ int fd = opened ? open_item(w->copy, item, &st) : -EBADF;

        return opened && fd < 0 ? fd : write_opened(w, &entry, fd, &st);
}

static int write_items(CopyWriter *w, const BuildCopyPlan *plan)
{
        for (size_t i = 0; i < plan->n; i++) {
                const BuildCopyItem *item = &plan->items[i];
                int r = write_item(w, item);

                if (r < 0 && item->source == SIZE_MAX)
                        return r;
                if (r < 0)
                        return explain_context(w->reterr_message, r, "%s%s%s", build_copy_shown(w->copy, item->source),
                                               *item->below ? "/" : "", item->below);
        }
        return 0;
}

int build_copy_write(const BuildCopy *copy, const BuildCopyPlan *plan, BuildTar *tar, char **reterr_message)
{
        CopyWriter w = { .copy = copy, .tar = tar, .reterr_message = reterr_message };
        int r = write_items(&w, plan);

        hard_links_done(&w.links);
        return r;
}

/* Hashing */

static int hash_contents(const BuildCopy *copy, const BuildCopyItem *item, Hasher *h)
{
        struct stat st;
        _cleanup_close_ int fd = open_item(copy, item, &st);
        Digest digest;
        uint64_t size;
        int r = fd < 0 ? fd : digest_of_file(DIGEST_SHA256, fd, &digest, &size);

        return r < 0 ? r : hasher_update(h, digest.hex, strlen(digest.hex));
}

/* Each text with its end, so that no two lists look the same. */
static int hash_item(const BuildCopy *copy, const BuildCopyItem *item, Hasher *h)
{
        _cleanup_free_ char *mode = strprintf("%o", (unsigned) item->mode);
        const char *texts[] = { item->path, mode, strempty(item->target) };
        int r = mode ? 0 : -ENOMEM;

        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(texts); i++)
                r = hasher_update(h, texts[i], strlen(texts[i]) + 1);
        return r < 0 || !S_ISREG(item->mode) ? r : hash_contents(copy, item, h);
}

int build_copy_hash(const BuildCopy *copy, Hasher *h, char **reterr_message)
{
        _cleanup_(build_copy_plan_done) BuildCopyPlan plan = {};
        _cleanup_(build_tree_freep) BuildTree *tree = NULL;
        int r = build_tree_new(&tree);

        if (r >= 0)
                r = build_copy_plan(copy, tree, &plan, reterr_message);
        for (size_t i = 0; r >= 0 && i < plan.n; i++)
                r = hash_item(copy, &plan.items[i], h);
        return r;
}
