/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>

#include "basic/path.h"
#include "basic/time-util.h"
#include "image/store/image-store-internal.h"
#include "image/store/implied-tree.h"
#include "image/store/layer-store.h"
#include "image/store/store-damage.h"

static bool is_marked(int dir_fd, const char *name)
{
        _cleanup_free_ char *path = strjoin(name, "/" DAMAGE_MARK);

        return path && faccessat(dir_fd, path, F_OK, 0) >= 0;
}

static int mark(int dir_fd, const char *name)
{
        _cleanup_free_ char *path = strjoin(name, "/" DAMAGE_MARK);
        _cleanup_close_ int fd = -EBADF;

        if (!path)
                return -ENOMEM;
        fd = openat(dir_fd, path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
        return fd < 0 || fsync(fd) < 0 ? -errno : 0;
}

bool layer_is_damaged(ImageStore *s, const char *name)
{
        return is_marked(s->layers_fd, name);
}

int layer_mark_damaged(ImageStore *s, const Digest *layer)
{
        return mark(s->layers_fd, DIGEST_FILE(layer));
}

int image_mark_damaged(ImageStore *s, const Digest *id)
{
        return mark(s->manifests_fd, DIGEST_FILE(id));
}

int image_mark_sound(ImageStore *s, const Digest *id)
{
        _cleanup_free_ char *path = path_join(DIGEST_FILE(id), DAMAGE_MARK);

        if (!path)
                return -ENOMEM;
        return unlinkat(s->manifests_fd, path, 0) < 0 && errno != ENOENT ? -errno : 0;
}

char *layer_of_aside(const char *name)
{
        const char *rest = startswith(name, ASIDE_PREFIX), *dot = rest ? strrchr(rest, '.') : NULL;

        return dot ? strndup(rest, (size_t) (dot - rest)) : NULL;
}

static char *aside_name(const char *name)
{
        return strprintf(ASIDE_PREFIX "%s.%" PRIx64, name, now_nsec());
}

/* At any moment there is an entry of that name, and after a power failure each of the two entries has one of the two
 * names. */
static int exchange(int from_fd, int to_fd, const char *name, const char *aside)
{
        int r;

        r = rename_noreplace(from_fd, name, to_fd, aside);
        if (r < 0)
                return r;
        return renameat2(to_fd, aside, to_fd, name, RENAME_EXCHANGE) < 0 ? -errno : 0;
}

/* The trees with links to files of the layer. */
static int put_trees_aside(ImageStore *s, const char *layer)
{
        _cleanup_strv_free_ char **names = NULL;
        int r;

        r = list_directory_at(s->layers_fd, ".", &names);
        STRV_FOREACH(name, names) {
                _cleanup_free_ char *path = NULL, *lower = NULL, *aside = NULL;

                if (!startswith(*name, IMPLIED_TREE_PREFIX))
                        continue;
                path = strjoin(*name, "/lower");
                if (!path)
                        return -ENOMEM;
                if (read_file_at(s->layers_fd, path, 1024 * 1024, &lower, NULL) < 0 || !strstr(lower, layer))
                        continue;
                aside = aside_name(*name);
                r = aside ? rename_noreplace(s->layers_fd, *name, s->layers_fd, aside) : -ENOMEM;
                if (r < 0)
                        return r;
        }
        return r;
}

int layer_move_in(ImageStore *s, int from_fd, const char *name)
{
        _cleanup_free_ char *aside = NULL;
        int r;

        r = rename_noreplace(from_fd, name, s->layers_fd, name);
        if (r != -EEXIST || !is_marked(s->layers_fd, name))
                return r;
        aside = aside_name(name);
        if (!aside)
                return -ENOMEM;
        r = exchange(from_fd, s->layers_fd, name, aside);
        return r < 0 ? r : put_trees_aside(s, name);
}

int image_move_in(ImageStore *s, int from_fd, const char *name)
{
        _cleanup_free_ char *aside = NULL;
        int r;

        r = rename_noreplace(from_fd, name, s->manifests_fd, name);
        if (r != -EEXIST || !is_marked(s->manifests_fd, name))
                return r;
        aside = aside_name(name);
        if (!aside)
                return -ENOMEM;
        r = exchange(from_fd, s->manifests_fd, name, aside);
        /* Nobody has it mounted. */
        return r < 0 ? r : rm_rf_at(s->manifests_fd, aside);
}

bool image_has_layers(ImageStore *s, const Image *image)
{
        for (size_t i = 0; i < image->n_layers; i++)
                if (!layer_exists(s->layers_fd, &image->layers[i]))
                        return false;
        return true;
}
