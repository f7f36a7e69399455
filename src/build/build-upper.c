/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#include "basic/fs.h"
#include "basic/path.h"
#include "build/build-layer.h"
#include "build/build-pack.h"
#include "build/build-tar.h"
#include "build/build-upper.h"
#include "image/export/aci-export.h"
#include "image/tree/merged-tree.h"
#include "image/tree/unpack-tree.h"
#include "shared/explain.h"

/* What has changed */

typedef struct Paths {
        char **paths;
        size_t n, n_allocated;
} Paths;

typedef struct Changes {
        const BuildUpper *upper;
        int64_t time;           /* of all entries, seconds since the epoch */
        MergedTree image;
        Paths kept;             /* files and directories of the layer, each with its parents */
        Paths hidden;           /* of the image */
        Paths emptied;          /* directories of the layer which hide what the image has in them */
        char **reterr_message;
} Changes;

static void changes_done(Changes *c)
{
        merged_tree_done(&c->image);
        strv_free(c->kept.paths);
        strv_free(c->hidden.paths);
        strv_free(c->emptied.paths);
}

static int add_path(Paths *p, const char *path)
{
        char *copy = strdup(path);

        if (!copy || ARRAY_GROW(p->paths, p->n_allocated, p->n, 2) < 0) {
                free(copy);
                return -ENOMEM;
        }
        p->paths[p->n++] = copy;
        p->paths[p->n] = NULL;
        return 0;
}

static void seal(Paths *p)
{
        if (p->n > 0)
                strv_sort(p->paths);
}

/* A path that was written, and what the image has there. */
typedef struct Place {
        const char *path;
        bool moved;             /* below a directory that was renamed, whose files are not in the upper tree */
        struct stat st;
        MergedNode image;
} Place;

static int top_of(const Changes *c, const Place *p)
{
        return p->moved ? c->upper->root_fd : c->upper->upper_fd;
}

static bool has_mark(const Changes *c, const Place *p, const char *name)
{
        _cleanup_close_ int fd = open_directory_at(top_of(c, p), *p->path ? p->path : ".");

        return fd >= 0 && fgetxattr(fd, name, NULL, 0) > 0;
}

static bool is_whiteout(const struct stat *st)
{
        return S_ISCHR(st->st_mode) && st->st_rdev == makedev(0, 0);
}

static bool is_in_image(const Place *p)
{
        return p->image.n > 0;
}

/* Made to mount something there, or on the way to that. */
static bool is_mount_place(const BuildUpper *upper, const char *path)
{
        STRV_FOREACH(place, upper->places)
                if (path_is_at_or_below(*place, path))
                        return true;
        return false;
}

/* A link of the image may have made way for it. */
static bool is_made_by_start(const Changes *c, const Place *p)
{
        bool replaces_link = is_in_image(p) && S_ISLNK(p->image.st.st_mode) && !S_ISLNK(p->st.st_mode);

        return (!is_in_image(p) || replaces_link) && c->upper->is_trace(c->upper->root_fd, p->path);
}

static bool has_other_metadata(const Place *p)
{
        const struct stat *image = &p->image.st;

        return p->st.st_mode != image->st_mode || p->st.st_uid != image->st_uid || p->st.st_gid != image->st_gid;
}

static int see(Changes *c, const char *path, const MergedNode *parent, bool moved);

/* replaced: what the image has in it does not count. */
static int see_names(Changes *c, const Place *p, bool replaced, bool moved)
{
        const Place from = { .path = p->path, .moved = moved };
        _cleanup_strv_free_ char **names = NULL;
        int r = list_directory_all_at(top_of(c, &from), *p->path ? p->path : ".", &names);

        STRV_FOREACH(name, names) {
                _cleanup_free_ char *child = r < 0 ? NULL : merged_path(p->path, *name);

                if (r < 0)
                        return r;
                if (startswith(*name, BUILD_WHITEOUT_PREFIX))
                        return explain(c->reterr_message, EINVAL, "/%s/%s: layers cannot have files of such names",
                                       p->path, *name);
                r = child ? see(c, child, replaced ? &(MergedNode) {} : &p->image, moved) : -ENOMEM;
        }
        return r;
}

/* Of a directory in which nothing has changed. */
static bool is_as_before(const Changes *c, const Place *p, bool replaced)
{
        return merged_node_is_directory(&p->image) ? !replaced && !has_other_metadata(p)
                                                   : is_mount_place(c->upper, p->path);
}

static int see_directory(Changes *c, const Place *p)
{
        bool moved = p->moved || has_mark(c, p, "trusted.overlay.redirect");
        bool replaced = !merged_node_is_directory(&p->image) || moved || has_mark(c, p, "trusted.overlay.opaque");
        size_t before = c->kept.n + c->hidden.n;
        int r = see_names(c, p, replaced, moved);

        if (r < 0)
                return r;
        if (c->kept.n + c->hidden.n == before && is_as_before(c, p, replaced))
                return 0;
        if (replaced && is_in_image(p))
                r = add_path(merged_node_is_directory(&p->image) ? &c->emptied : &c->hidden, p->path);
        return r < 0 ? r : add_path(&c->kept, p->path);
}

static int see_place(Changes *c, const Place *p)
{
        int r = 0;

        if (is_whiteout(&p->st))
                return is_in_image(p) ? add_path(&c->hidden, p->path) : 0;
        if (is_made_by_start(c, p))
                return 0;
        if (S_ISDIR(p->st.st_mode))
                return see_directory(c, p);
        if (merged_node_is_directory(&p->image))
                r = add_path(&c->hidden, p->path);
        return r < 0 ? r : add_path(&c->kept, p->path);
}

static int see(Changes *c, const char *path, const MergedNode *parent, bool moved)
{
        Place p = { .path = path, .moved = moved };
        int r = fstatat(top_of(c, &p), path, &p.st, AT_SYMLINK_NOFOLLOW) < 0 ? -errno : 0;

        if (r >= 0 && parent->n > 0)
                r = merged_tree_look_up(&c->image, parent, path, &p.image);
        if (r >= 0)
                r = see_place(c, &p);
        merged_node_done(&p.image);
        return r < 0 ? explain_unless_told(c->reterr_message, r, path) : 0;
}

/* The top directory itself is as the image has it. */
static int find_changes(Changes *c)
{
        Place top = { .path = "" };
        int r = merged_tree_open(c->upper->lowers, &c->image);

        if (r >= 0)
                r = merged_tree_top(&c->image, &top.image);
        if (r >= 0)
                r = see_names(c, &top, false, false);
        merged_node_done(&top.image);
        seal(&c->kept);
        seal(&c->hidden);
        seal(&c->emptied);
        return r;
}

/* The layer */

static bool is_kept(const void *userdata, const char *path, bool is_directory)
{
        const Changes *c = userdata;

        return !*path || strv_sorted_contains(c->kept.paths, c->kept.n, path);
}

/* All that is kept, as a tar of its own, with the times that it has. */
static int pack_kept(const Changes *c, int fd)
{
        MergedLayer layer = { .fd = c->upper->root_fd, .allows = is_kept, .userdata = c };
        const MergedTree tree = { .layers = &layer, .n = 1 };
        int r = aci_write(&(AciContents) { .tree = &tree }, false, fd, c->reterr_message);

        return r >= 0 && lseek(fd, 0, SEEK_SET) < 0 ? -errno : r;
}

static int copy_entry(const Changes *c, struct archive_entry *entry, ArchiveReader *reader, BuildTar *tar)
{
        const char *link = archive_entry_hardlink(entry);
        _cleanup_free_ char *path = NULL;
        int r = tree_path(strempty(archive_entry_pathname(entry)), &path);

        if (r < 0 || !*path)
                return r;
        archive_entry_set_mtime(entry, c->time, 0);
        if (link)
                return build_tar_copy_link(tar, path, entry, link, c->reterr_message);
        r = build_tar_copy(tar, path, entry, reader, c->reterr_message);
        return r >= 0 && strv_sorted_contains(c->emptied.paths, c->emptied.n, path)
                       ? build_tar_hide_within(tar, path, c->reterr_message)
                       : r;
}

static int copy_kept(const Changes *c, int from, BuildTar *tar)
{
        _cleanup_(archive_reader_freep) ArchiveReader *reader = NULL;
        struct archive_entry *entry;
        int r = archive_reader_new(from, _DIGEST_INVALID, &reader, c->reterr_message);

        while (r >= 0 && (r = archive_reader_next(reader, &entry, c->reterr_message)) > 0)
                r = copy_entry(c, entry, reader, tar);
        return r;
}

/* Whiteouts come first: they hide nothing of the layer that they are in. */
static int write_layer(const BuildContext *c, const Changes *changes, int fd)
{
        _cleanup_close_ int aside = build_aside(c, changes->reterr_message);
        _cleanup_(build_tar_freep) BuildTar *tar = NULL;
        int r = aside < 0 ? aside : pack_kept(changes, aside);

        if (r >= 0)
                r = build_tar_new(fd, changes->time, &tar, changes->reterr_message);
        STRV_FOREACH(path, changes->hidden.paths)
                if (r >= 0)
                        r = build_tar_hide(tar, *path, changes->reterr_message);
        if (r >= 0)
                r = copy_kept(changes, aside, tar);
        return r < 0 ? r : build_tar_finish(tar, changes->reterr_message);
}

int build_upper_write(const BuildContext *c, const BuildUpper *upper, int fd, char **reterr_message)
{
        _cleanup_(changes_done) Changes changes = { .upper = upper, .time = c->record->time,
                                                     .reterr_message = reterr_message };
        int r = find_changes(&changes);

        if (r < 0 || changes.kept.n + changes.hidden.n == 0)
                return r;
        r = write_layer(c, &changes, fd);
        return r < 0 ? r : 1;
}

int build_upper_add(BuildContext *c, int fd, const char *path, const char *created_by)
{
        int r = build_layer_add(c, fd, path, created_by);

        if (r < 0)
                return r;
        c->record->layers[c->record->n_layers - 1].run = true;
        return 0;
}
