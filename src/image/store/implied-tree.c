/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <sys/xattr.h>

#include "basic/fs.h"
#include "basic/strv.h"
#include "image/store/implied-tree.h"
#include "image/store/layer-store.h"
#include "image/tree/tree-copy.h"

typedef struct Layer {
        int fd;
        char **implied;         /* sorted */
        size_t n_implied;
} Layer;

typedef struct Stack {
        Layer *layers;          /* top to bottom, each once, down to the first opaque one */
        size_t n;
        int layers_fd;          /* where the tree is created */
        const char *tree_path;
        int tree_fd;            /* created when first needed */
} Stack;

static void stack_done(Stack *s)
{
        for (size_t i = 0; i < s->n; i++) {
                safe_close(s->layers[i].fd);
                strv_free(s->layers[i].implied);
        }
        free(s->layers);
        safe_close(s->tree_fd);
}

static bool seen_above(const Digest *layers, size_t n, size_t i)
{
        for (size_t k = i + 1; k < n; k++)
                if (digest_equal(&layers[k], &layers[i]))
                        return true;
        return false;
}

static int stack_open(Stack *s, const int layers_fds[static 2], const Digest *layers, size_t n)
{
        int r;

        s->layers = new0(Layer, n);
        if (!s->layers)
                return -ENOMEM;
        for (size_t i = n; i-- > 0;) {
                int from = layer_exists(layers_fds[0], &layers[i]) ? layers_fds[0] : layers_fds[1];
                Layer *l = &s->layers[s->n];

                if (seen_above(layers, n, i))
                        continue;
                l->fd = layer_tree_open(from, &layers[i]);
                if (l->fd < 0)
                        return l->fd;
                s->n++;
                r = layer_implied_read(from, &layers[i], &l->implied);
                if (r < 0)
                        return r;
                l->n_implied = strv_length(l->implied);
                if (layer_is_opaque(from, &layers[i]))
                        break;
        }
        return 0;
}

static int compare(const void *a, const void *b)
{
        return strcmp(*(char *const *) a, *(char *const *) b);
}

static bool is_implied(const Layer *l, const char *path)
{
        return l->n_implied > 0 && bsearch(&path, l->implied, l->n_implied, sizeof(char *), compare);
}

static int open_beneath(int fd, const char *path)
{
        return open_resolving(fd, *path ? path : ".", O_RDONLY | O_DIRECTORY,
                              RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS);
}

static bool is_opaque(int fd)
{
        char value;

        return fgetxattr(fd, "trusted.overlay.opaque", &value, 1) == 1 && value == 'y';
}

/* Opens the directory in that layer. *ret_hides: whether the layer hides the layers below there, by a non-directory of
 * that name, or an opaque directory on the way. */
static int open_in_layer(const Layer *l, const char *path, bool *ret_hides)
{
        _cleanup_free_ char *partial = strdup(path);
        int fd = -EBADF;

        *ret_hides = false;
        if (!partial)
                return -ENOMEM;
        for (char *p = partial;;) {
                size_t n = strcspn(p, "/");
                char end = p[n];

                p[n] = 0;
                safe_close(fd);
                fd = open_beneath(l->fd, partial);
                if (fd < 0) {
                        *ret_hides = *ret_hides || fd != -ENOENT;
                        return fd;
                }
                *ret_hides = *ret_hides || is_opaque(fd);
                if (!end)
                        return fd;
                p[n] = end;
                p += n + 1;
        }
}

/* The directory whose metadata counts: the uppermost with an entry of its own, or else the uppermost. *ret_repair: it
 * is not the one that would be visible. -ENOENT: there is none. */
static int find_source(const Stack *s, const char *path, bool *ret_repair)
{
        _cleanup_close_ int uppermost = -EBADF;

        *ret_repair = false;
        for (size_t i = 0; i < s->n; i++) {
                bool hides;
                int fd = open_in_layer(&s->layers[i], path, &hides);

                if (fd >= 0 && !is_implied(&s->layers[i], path)) {
                        *ret_repair = uppermost >= 0;
                        return fd;
                }
                if (fd < 0 && fd != -ENOENT && fd != -ENOTDIR && fd != -ELOOP)
                        return fd;
                if (fd >= 0 && uppermost < 0)
                        uppermost = fd;
                else
                        safe_close(fd);
                if (hides)
                        break;
        }
        return uppermost >= 0 ? TAKE_FD(uppermost) : -ENOENT;
}

/* Creates one directory of the tree, whose parent exists. */
static int make_one(Stack *s, const char *path)
{
        _cleanup_close_ int from = -EBADF, to = -EBADF;
        bool repair;

        if (mkdirat(s->tree_fd, *path ? path : ".", 0755) < 0 && errno != EEXIST)
                return -errno;
        from = find_source(s, path, &repair);
        if (from < 0)
                return from;
        to = open_beneath(s->tree_fd, path);
        return to < 0 ? to : tree_copy_metadata(from, to);
}

static int make_path(Stack *s, const char *path)
{
        _cleanup_free_ char *partial = strdup(path);
        int r;

        if (!partial)
                return -ENOMEM;
        if (s->tree_fd < 0) {
                s->tree_fd = mkdir_open_at(s->layers_fd, s->tree_path, 0755);
                if (s->tree_fd < 0)
                        return s->tree_fd;
                r = make_one(s, "");
                if (r < 0)
                        return r;
        }
        for (char *p = partial; *p;) {
                size_t n = strcspn(p, "/");
                char end = p[n];

                p[n] = 0;
                if (faccessat(s->tree_fd, partial, F_OK, 0) < 0) {
                        r = make_one(s, partial);
                        if (r < 0)
                                return r;
                }
                if (!end)
                        break;
                p[n] = end;
                p += n + 1;
        }
        return 0;
}

static int repair(Stack *s)
{
        /* Nothing is below the lowest layer that it could hide. */
        for (size_t i = 0; i + 1 < s->n; i++)
                STRV_FOREACH(path, s->layers[i].implied) {
                        _cleanup_close_ int fd = -EBADF;
                        bool needed;
                        int r;

                        fd = find_source(s, *path, &needed);
                        if (fd < 0 && fd != -ENOENT)
                                return fd;
                        if (fd < 0 || !needed)
                                continue;
                        r = make_path(s, *path);
                        if (r < 0)
                                return r;
                }
        return 0;
}

int implied_tree_make(const Digest *image, const int layers_fds[static 2], const Digest *layers, size_t n)
{
        _cleanup_free_ char *tree_path = strjoin(IMPLIED_TREE_PREFIX, DIGEST_FILE(image), "/rootfs");
        _cleanup_(stack_done) Stack s = { .layers_fd = layers_fds[0], .tree_path = tree_path, .tree_fd = -EBADF };
        int r;

        if (!tree_path)
                return -ENOMEM;

        r = stack_open(&s, layers_fds, layers, n);
        if (r < 0)
                return r;
        return repair(&s);
}
