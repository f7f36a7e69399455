/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>

#include "basic/fs.h"
#include "basic/path.h"
#include "build/build-other.h"
#include "build/build-rootfs.h"
#include "shared/archive.h"
#include "shared/explain.h"

#define NAME "other"
#define FILES "files"
/* Paths in the archive are clean; these are against what nobody thought of. */
#define SECURELY \
        (ARCHIVE_EXTRACT_PERM | ARCHIVE_EXTRACT_SECURE_NODOTDOT | ARCHIVE_EXTRACT_SECURE_SYMLINKS | \
         ARCHIVE_EXTRACT_SECURE_NOABSOLUTEPATHS)

DEFINE_TRIVIAL_CLEANUP_FUNC(struct archive *, archive_free);

/* Beginning and ending */

int build_other_begin(const char *build, BuildOther *ret, char **reterr_message)
{
        BuildOther o = BUILD_OTHER_NONE;
        int r;

        o.path = path_join(build, NAME);
        r = o.path ? build_context_begin(o.path, 0, &o.image, reterr_message) : -ENOMEM;
        if (r < 0) {
                build_other_done(&o);
                return r;
        }
        *ret = o;
        return 0;
}

void build_other_done(BuildOther *o)
{
        build_context_done(&o->image);
        if (o->path)
                (void) rm_rf_at(AT_FDCWD, o->path);
        o->path = mfree(o->path);
        o->files = strv_free(o->files);
}

int build_other_hash(const BuildOther *o, Hasher *h)
{
        const BuildRecord *record = o->image.record;
        int r = 0;

        for (size_t i = 0; r >= 0 && i < record->n_layers; i++)
                r = hasher_update(h, record->layers[i].tar.hex, strlen(record->layers[i].tar.hex) + 1);
        return r;
}

/* Where they are in the image */

/* Of the links on the way, those before ".." are followed, too. */
static int find_path(const BuildTree *tree, const char *wanted, char **ret, char **reterr_message)
{
        _cleanup_free_ char *parent = strdup(wanted), *name = NULL, *real = NULL;
        int r;

        if (!parent)
                return -ENOMEM;
        for (size_t n = strlen(parent); n > 0 && parent[n - 1] == '/'; n--)
                parent[n - 1] = 0;
        if (streq(path_basename(parent), "..") || streq(path_basename(parent), "."))
                return build_tree_follow(tree, parent, ret);
        name = strdup(path_basename(parent));
        parent[path_basename(parent) - parent] = 0;
        r = name ? build_tree_follow(tree, parent, &real) : -ENOMEM;
        if (r < 0)
                return r;
        *ret = strjoin(real, *real && *name ? "/" : "", name);
        if (!*ret)
                return -ENOMEM;
        return **ret && build_tree_type(tree, *ret) == 0 ? explain(reterr_message, ENOENT, "the image has no such file")
                                                        : 0;
}

static int find_paths(const BuildTree *tree, char *const *wanted, char ***ret, char **reterr_message)
{
        STRV_FOREACH(word, wanted) {
                char *path = NULL;
                int r = find_path(tree, *word, &path, reterr_message);

                if (r >= 0)
                        r = strv_consume(ret, path);
                else
                        free(path);
                if (r < 0)
                        return explain_context(reterr_message, r, "%s", *word);
        }
        return 0;
}

/* Unpacking */

static int pack(BuildOther *o, char *const *paths, char **reterr_message)
{
        _cleanup_(build_tar_freep) BuildTar *tar = NULL;
        _cleanup_close_ int fd = openat(o->image.dir_fd, FILES ".tar", O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        int r = fd < 0 ? -errno : build_tar_new(fd, 0, &tar, reterr_message);

        if (r >= 0)
                r = build_rootfs_write_parts(&o->image, paths, tar, reterr_message);
        if (r >= 0)
                r = build_tar_finish(tar, reterr_message);
        if (r >= 0 && lseek(fd, 0, SEEK_SET) < 0)
                r = -errno;
        return r < 0 ? r : TAKE_FD(fd);
}

typedef struct Unpack {
        const BuildOther *other;
        char *const *parts, *const *exclude;
        char **reterr_message;
} Unpack;

/* By itself, or with a directory that it is in. */
static bool is_excluded(const Unpack *u, const char *name)
{
        STRV_FOREACH(part, u->parts) {
                size_t n = strlen(*part);
                _cleanup_free_ char *below = !n || path_is_at_or_below(name, *part) ? strdup(name + n) : NULL;
                const char *start = below ? below + strspn(below, "/") : NULL;

                for (char *slash = below ? strchr(start, 0) : NULL; slash; slash = strrchr(start, '/')) {
                        *slash = 0;
                        if (build_copy_excludes(u->exclude, start))
                                return true;
                }
        }
        return false;
}

/* 0: it is left out. It goes below our directory, whoever we are. What stays behind when it is copied does so here,
 * too. */
static int prepare_entry(const Unpack *u, struct archive_entry *entry)
{
        const BuildOther *o = u->other;
        const char *name = archive_entry_pathname(entry), *link = archive_entry_hardlink(entry);
        _cleanup_free_ char *path = strjoin(o->path, "/" FILES "/", name),
                            *to = link ? strjoin(o->path, "/" FILES "/", link) : NULL;
        mode_t type = archive_entry_filetype(entry);

        if (!path || (link && !to))
                return -ENOMEM;
        if (!link && type != AE_IFREG && type != AE_IFDIR && type != AE_IFLNK)
                return is_excluded(u, name) ? 0
                                            : explain(u->reterr_message, EINVAL, "/%s is a device or a named pipe; "
                                                      "--exclude= leaves it out", name);
        archive_entry_copy_pathname(entry, path);
        if (link)
                archive_entry_copy_hardlink(entry, to);
        archive_entry_set_perm(entry, type == AE_IFDIR ? (archive_entry_perm(entry) & 01777) | 0500
                                                       : (archive_entry_perm(entry) & 0777) | 0400);
        return 1;
}

static int fail(struct archive *a, char **reterr_message)
{
        return explain(reterr_message, archive_errno(a) > 0 ? archive_errno(a) : EIO, "cannot be unpacked: %s",
                       archive_error_string(a));
}

static int unpack_entries(const Unpack *u, struct archive *from, struct archive *to)
{
        struct archive_entry *entry;
        int k, r;

        while ((k = archive_read_next_header(from, &entry)) == ARCHIVE_OK) {
                r = prepare_entry(u, entry);
                if (r < 0)
                        return r;
                if (r > 0 && archive_read_extract2(from, entry, to) < ARCHIVE_WARN)
                        return fail(archive_errno(to) ? to : from, u->reterr_message);
        }
        if (k != ARCHIVE_EOF)
                return fail(from, u->reterr_message);
        return archive_write_close(to) < ARCHIVE_WARN ? fail(to, u->reterr_message) : 0;
}

static int unpack(const Unpack *u, int fd)
{
        _cleanup_(archive_freep) struct archive *from = NULL, *to = NULL;
        int r = libarchive_load(u->reterr_message);

        if (r < 0)
                return r;
        from = archive_read_new();
        to = archive_write_disk_new();
        if (!from || !to)
                return -ENOMEM;
        if (archive_read_support_format_tar(from) != ARCHIVE_OK ||
            archive_write_disk_set_options(to, SECURELY) != ARCHIVE_OK ||
            archive_read_open_fd(from, fd, 64 * 1024) != ARCHIVE_OK)
                return fail(from, u->reterr_message);
        return unpack_entries(u, from, to);
}

/* The top has no name of its own. */
static int list_files(BuildOther *o, char *const *paths)
{
        int r = 0;

        STRV_FOREACH(path, paths)
                r = r < 0 ? r : strv_consume(&o->files, strjoin(o->path, "/" FILES "/", **path ? *path : "."));
        return r;
}

int build_other_unpack(BuildOther *o, char *const *wanted, char *const *exclude, char **reterr_message)
{
        _cleanup_(build_tree_freep) BuildTree *tree = NULL;
        _cleanup_strv_free_ char **paths = NULL;
        _cleanup_close_ int fd = -EBADF;
        int r = build_context_lower_tree(&o->image, &tree, reterr_message);

        if (r >= 0)
                r = find_paths(tree, wanted, &paths, reterr_message);
        if (r >= 0)
                r = mkdir_p_at(o->image.dir_fd, FILES, 0755);
        if (r < 0)
                return r;
        fd = pack(o, paths, reterr_message);
        r = fd < 0 ? fd
                   : unpack(&(Unpack) { .other = o, .parts = paths, .exclude = exclude,
                                        .reterr_message = reterr_message }, fd);
        return r < 0 ? r : list_files(o, paths);
}
