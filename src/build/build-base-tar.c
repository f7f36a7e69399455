/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <sys/statvfs.h>

#include "basic/fd.h"
#include "basic/path.h"
#include "basic/size-format.h"
#include "build/aci-file.h"
#include "build/build-appc.h"
#include "build/build-base-tar.h"
#include "build/build-layer.h"
#include "build/build-tar.h"
#include "build/build-tree.h"
#include "image/tree/unpack-tree.h"
#include "shared/explain.h"
#include "shared/json-foreign.h"

typedef struct BaseTar {
        BuildContext *context;
        const char *prefix;     /* of the names that count, without a slash; "": all of them */
        BuildTar *tar;
        BuildTree *tree;        /* of the entries so far */
        char **reterr_message;
} BaseTar;

static int open_tar(const char *path)
{
        _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
        struct stat st;

        if (fd < 0 || fstat(fd, &st) < 0)
                return -errno;
        return S_ISREG(st.st_mode) ? TAKE_FD(fd) : -EINVAL;
}

/* The layer */

/* The path within the layer; NULL: it is not part of it. */
static const char *path_in_layer(const BaseTar *b, const char *path)
{
        if (!*b->prefix)
                return path;
        if (!path_is_at_or_below(path, b->prefix))
                return NULL;
        path += strlen(b->prefix);
        return path + strspn(path, "/");
}

/* What would make a layer that cannot be unpacked. */

static int refuse_error(const BaseTar *b, int r)
{
        return explain(b->reterr_message, r, "%s", tree_error_text(r) ?: strerror(-r));
}

static int check_owner(const BaseTar *b, struct archive_entry *entry)
{
        int64_t ids[] = { archive_entry_uid(entry), archive_entry_gid(entry) };

        for (size_t i = 0; i < ELEMENTSOF(ids); i++)
                if (ids[i] < 0 || ids[i] >= UINT32_MAX)
                        return explain(b->reterr_message, EINVAL, "belongs to %" PRIi64 ", which no user can be",
                                       ids[i]);
        return 0;
}

/* Holes in the tar are none in the layer: what is small there may not have room here, and fills the disk first. */
static int check_room(const BaseTar *b, struct archive_entry *entry)
{
        uint64_t size = archive_entry_filetype(entry) == AE_IFREG ? (uint64_t) archive_entry_size(entry) : 0, room;
        char of_file[SIZE_STRING_MAX], of_disk[SIZE_STRING_MAX];
        struct statvfs st;

        if (fstatvfs(b->context->dir_fd, &st) < 0)
                return -errno;
        room = (uint64_t) st.f_bavail * st.f_frsize;
        return size > room ? explain(b->reterr_message, ENOSPC, "has %s, and there is room for %s",
                                     format_size(size, of_file), format_size(room, of_disk))
                           : 0;
}

static int check_special(const BaseTar *b, struct archive_entry *entry)
{
        unsigned major = archive_entry_rdevmajor(entry), minor = archive_entry_rdevminor(entry);
        mode_t type = archive_entry_filetype(entry);

        if (type == AE_IFLNK && isempty(archive_entry_symlink(entry)))
                return refuse_error(b, -ENODATA);
        if (type == AE_IFCHR && major == 0 && minor == 0)
                return explain(b->reterr_message, EINVAL, "is a device 0/0");
        if ((type == AE_IFCHR || type == AE_IFBLK) && (major >= 1U << 12 || minor >= 1U << 20))
                return explain(b->reterr_message, EINVAL, "is a device with a number out of range");
        return 0;
}

/* Goes on from the directory to what is called that in it. A directory may come later, or not at all; a link leads to
 * one that is there. */
static int enter_parent(const BaseTar *b, const char *name, size_t length, char **directory)
{
        _cleanup_free_ char *path = strprintf("%s%s%.*s", *directory, **directory ? "/" : "", (int) length, name),
                            *real = NULL;
        mode_t type = path ? build_tree_type(b->tree, path) : 0;
        int r = path ? 0 : -ENOMEM;

        if (r >= 0 && S_ISLNK(type)) {
                r = build_tree_follow(b->tree, path, &real);
                type = r >= 0 ? build_tree_type(b->tree, real) : 0;
                if (r >= 0 && type == 0)
                        r = -ELOOP;
        }
        if (r < 0)
                return r;
        if (type != 0 && !S_ISDIR(type))
                return -ENOTDIR;
        free(*directory);
        *directory = real ? TAKE_PTR(real) : TAKE_PTR(path);
        return 0;
}

/* The path with no link among its parents. */
static int follow_parents(const BaseTar *b, const char *path, char **ret)
{
        _cleanup_free_ char *directory = strdup("");
        int r = directory ? 0 : -ENOMEM;

        for (size_t n; r >= 0 && path[n = strcspn(path, "/")]; path += n + 1)
                r = enter_parent(b, path, n, &directory);
        if (r < 0)
                return r == -ENOMEM ? r : refuse_error(b, r);
        *ret = *directory ? strjoin(directory, "/", path) : strdup(path);
        return *ret ? 0 : -ENOMEM;
}

static int note_link(BaseTar *b, const char *path, const char *hardlink)
{
        _cleanup_free_ char *target = NULL;
        int r = follow_parents(b, hardlink, &target);

        if (r < 0)
                return r;
        if (S_ISDIR(build_tree_type(b->tree, target)))
                return explain(b->reterr_message, EBADMSG, "is a hard link to '%s', which is a directory", hardlink);
        r = build_tree_link(b->tree, path, target);
        return r == -ENOENT ? explain(b->reterr_message, EBADMSG, "is a hard link to '%s', which does not come before "
                                      "it", hardlink)
                            : r;
}

static int note_entry(BaseTar *b, struct archive_entry *entry, const char *path, const char *hardlink)
{
        _cleanup_free_ char *real = NULL;
        mode_t before, type = archive_entry_filetype(entry);
        int r = check_owner(b, entry);

        if (r < 0 || !*path)
                return r;
        r = hardlink ? 0 : check_special(b, entry);
        if (r >= 0)
                r = follow_parents(b, path, &real);
        if (r < 0)
                return r;
        before = build_tree_type(b->tree, real);
        if (before != 0 && !(S_ISDIR(before) && !hardlink && S_ISDIR(type)))
                return refuse_error(b, -EEXIST);
        return hardlink ? note_link(b, real, hardlink)
                        : build_tree_apply(b->tree, real, type, archive_entry_symlink(entry));
}

static int copy_link(BaseTar *b, struct archive_entry *entry, const char *path, const char *hardlink)
{
        _cleanup_free_ char *to = NULL;
        const char *target;
        int r = tree_path(hardlink, &to);

        if (r < 0)
                return r;
        target = path_in_layer(b, to);
        if (!target)
                return explain(b->reterr_message, EBADMSG, "is a link to '%s', which is not a file of the image", to);
        r = note_entry(b, entry, path, target);
        return r < 0 ? r : build_tar_link(b->tar, path, target, b->reterr_message);
}

static int copy_entry(BaseTar *b, struct archive_entry *entry, const char *path, ArchiveReader *reader)
{
        const char *hardlink = archive_entry_hardlink(entry);
        int r;

        path = path_in_layer(b, path);
        if (!path)
                return 0;
        if (!*path && archive_entry_filetype(entry) != AE_IFDIR)
                return explain(b->reterr_message, EBADMSG, "is not a directory");
        if (startswith(path_basename(path), BUILD_WHITEOUT_PREFIX))
                return explain(b->reterr_message, EINVAL, "no file of an image can be called '%s': in a layer, it says "
                               "that one is removed", path_basename(path));
        if (hardlink)
                return copy_link(b, entry, path, hardlink);
        r = note_entry(b, entry, path, NULL);
        if (r >= 0)
                r = check_room(b, entry);
        return r < 0 ? r : build_tar_copy(b->tar, *path ? path : ".", entry, reader, b->reterr_message);
}

static int copy_entries(BaseTar *b, int fd)
{
        _cleanup_(archive_reader_freep) ArchiveReader *reader = NULL;
        struct archive_entry *entry;
        ArchiveTotals totals;
        int r = lseek(fd, 0, SEEK_SET) < 0 ? -errno
                                           : archive_reader_new(fd, _DIGEST_INVALID, &reader, b->reterr_message);

        while (r >= 0 && (r = archive_reader_next(reader, &entry, b->reterr_message)) > 0) {
                const char *name = strempty(archive_entry_pathname(entry));
                _cleanup_free_ char *path = NULL;

                r = tree_path(name, &path);
                r = r < 0 ? refuse_error(b, r) : copy_entry(b, entry, path, reader);
                if (r < 0)
                        return explain_context(b->reterr_message, r, "entry '%s'", name);
        }
        return r < 0 ? r : archive_reader_finish(reader, &totals, b->reterr_message);
}

static int make_layer(BaseTar *b, int fd)
{
        BuildContext *c = b->context;
        _cleanup_free_ char *path = NULL;
        _cleanup_close_ int layer = build_context_create(c, ".tar", &path, b->reterr_message);
        int r = layer < 0 ? layer : build_tar_new_exact(layer, c->record->time, false, &b->tar, b->reterr_message);

        if (r >= 0)
                r = build_tree_new(&b->tree);
        if (r >= 0)
                r = copy_entries(b, fd);
        if (r >= 0)
                r = build_tar_finish(b->tar, b->reterr_message);
        return r < 0 ? r : build_layer_add(c, layer, path, "podctl build: begin");
}

static void base_tar_done(BaseTar *b)
{
        build_tar_free(b->tar);
        build_tree_free(b->tree);
}

static int take_manifest(BuildContext *c, const AciFile *file, char **reterr_message)
{
        _cleanup_json_object_ json_object *manifest = NULL;
        _cleanup_json_error_ JsonError error = {};
        _cleanup_free_ char *message = NULL;
        int r = json_parse_foreign(file->manifest, file->manifest_size, &manifest, &error);

        if (r < 0)
                return explain(reterr_message, r, "manifest: %s", json_error_message(&error, r));
        r = build_appc_replace(c->record, manifest, &message);
        return r < 0 ? explain(reterr_message, r, "manifest: %s", explained(message, r)) : 0;
}

int build_base_aci(BuildContext *c, const char *path, char **reterr_message)
{
        _cleanup_(base_tar_done) BaseTar b = { .context = c, .prefix = "rootfs", .reterr_message = reterr_message };
        _cleanup_(aci_file_done) AciFile file = {};
        _cleanup_close_ int fd = open_tar(path);
        int r = fd < 0 ? fd : aci_file_read(fd, &file, reterr_message);

        if (r >= 0 && !(file.manifest && file.has_rootfs))
                return 0;
        if (r >= 0)
                r = take_manifest(c, &file, reterr_message);
        if (r >= 0)
                r = make_layer(&b, fd);
        return r < 0 ? explain_context(reterr_message, r, "%s", path) : 1;
}

int build_base_rootfs(BuildContext *c, const char *path, char **reterr_message)
{
        _cleanup_(base_tar_done) BaseTar b = { .context = c, .prefix = "", .reterr_message = reterr_message };
        _cleanup_close_ int fd = open_tar(path);
        int r = fd < 0 ? fd : make_layer(&b, fd);

        return r < 0 ? explain_context(reterr_message, r, "%s", path) : 0;
}
