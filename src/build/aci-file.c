/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/fs.h"
#include "basic/path.h"
#include "basic/utf8.h"
#include "build/aci-file.h"
#include "build/build-tar.h"
#include "image/tree/unpack-tree.h"
#include "manifest/appc-image.h"
#include "shared/explain.h"
#include "shared/json-foreign.h"

#define MANIFEST "manifest"
#define ROOTFS "rootfs"

void aci_file_done(AciFile *f)
{
        f->manifest = mfree(f->manifest);
        f->fault = mfree(f->fault);
}

/* Tars */

typedef struct Reading {
        AciFile file;
        char **names;           /* of all entries */
        size_t n, n_allocated;
        char **links;           /* what hard links lead to, of these */
        char **reterr_message;
} Reading;

static void reading_done(Reading *r)
{
        for (size_t i = 0; i < r->n; i++)
                free(r->names[i]);
        free(r->names);
        strv_free(r->links);
        aci_file_done(&r->file);
}

static int find_fault(Reading *r, const char *what, const char *name)
{
        char *fault = r->file.fault ? NULL : strjoin("'", name, "' ", what);

        if (!r->file.fault && !fault)
                return -ENOMEM;
        r->file.fault = fault ?: r->file.fault;
        return 0;
}

/* What the error of a path in a tree means. */
static int refuse_entry(struct archive_entry *entry, int k, char **reterr_message)
{
        const char *text = tree_error_text(k), *name = strempty(archive_entry_pathname(entry));

        return text && (!reterr_message || !*reterr_message)
                       ? explain(reterr_message, k, "entry '%s' %s", name, text)
                       : explain_context(reterr_message, k, "entry '%s'", name);
}

static int read_manifest(Reading *r, ArchiveReader *reader)
{
        AciFile *f = &r->file;
        const void *data;
        uint64_t offset;
        size_t n;
        int k;

        f->manifest = mfree(f->manifest);
        f->manifest_size = 0;
        while ((k = archive_reader_data(reader, &data, &n, &offset, r->reterr_message)) > 0) {
                char *grown;

                if (n > ACI_MANIFEST_MAX - f->manifest_size)
                        return explain(r->reterr_message, EFBIG, "is too large");
                grown = realloc(f->manifest, f->manifest_size + n);
                if (!grown)
                        return -ENOMEM;
                memcpy(grown + f->manifest_size, data, n);
                f->manifest = grown;
                f->manifest_size += n;
        }
        return k;
}

/* It could lead to any file of whoever unpacks this without care. */
static int look_at_link(Reading *r, const char *to, const char *path)
{
        _cleanup_free_ char *target = NULL;
        int k = tree_path(to, &target);

        if (k == -ENOMEM)
                return k;
        return k < 0 || !path_is_at_or_below(target, ROOTFS)
                       ? find_fault(r, "is a hard link to what is not in rootfs", path)
                       : strv_extend(&r->links, target);
}

static int look_at(Reading *r, struct archive_entry *entry, char *path, ArchiveReader *reader)
{
        bool is_directory = archive_entry_filetype(entry) == AE_IFDIR;

        if (archive_entry_hardlink(entry) && path_is_at_or_below(path, ROOTFS))
                return look_at_link(r, archive_entry_hardlink(entry), path);
        if (streq(path, MANIFEST))
                return archive_entry_filetype(entry) == AE_IFREG && !archive_entry_hardlink(entry)
                               ? read_manifest(r, reader)
                               : find_fault(r, "is not a regular file", path);
        if (!path_is_at_or_below(path, ROOTFS))
                return *path ? find_fault(r, "is neither the manifest nor in rootfs", path) : 0;
        r->file.has_rootfs = true;
        return streq(path, ROOTFS) && !is_directory ? find_fault(r, "is not a directory", path) : 0;
}

/* Takes the path. */
static int see(Reading *r, struct archive_entry *entry, char *path, ArchiveReader *reader)
{
        int k = ARRAY_GROW(r->names, r->n_allocated, r->n, 1);

        if (k < 0) {
                free(path);
                return k;
        }
        r->names[r->n++] = path;
        return look_at(r, entry, path, reader);
}

static int compare_names(const void *a, const void *b)
{
        return strcmp(*(char *const *) a, *(char *const *) b);
}

static int find_duplicates(Reading *r)
{
        int k = 0;

        if (r->n > 0)
                qsort(r->names, r->n, sizeof(char *), compare_names);
        for (size_t i = 1; k >= 0 && i < r->n; i++)
                if (streq(r->names[i - 1], r->names[i]))
                        k = find_fault(r, "is there twice", r->names[i]);
        return k;
}

/* The names are sorted by now. */
static int find_missing_links(Reading *r)
{
        int k = 0;

        STRV_FOREACH(link, r->links)
                if (k >= 0 && !bsearch(link, r->names, r->n, sizeof(char *), compare_names))
                        k = find_fault(r, "is missing, and a hard link leads to it", *link);
        return k;
}

static int read_entries(Reading *r, int fd)
{
        _cleanup_(archive_reader_freep) ArchiveReader *reader = NULL;
        struct archive_entry *entry;
        ArchiveTotals totals;
        int k = lseek(fd, 0, SEEK_SET) < 0 ? -errno
                                           : archive_reader_new(fd, _DIGEST_INVALID, &reader, r->reterr_message);

        while (k >= 0 && (k = archive_reader_next(reader, &entry, r->reterr_message)) > 0) {
                const char *name = strempty(archive_entry_pathname(entry));
                char *path = NULL;

                k = tree_path(name, &path);
                if (k >= 0)
                        k = see(r, entry, path, reader);
                if (k < 0)
                        return refuse_entry(entry, k, r->reterr_message);
        }
        return k < 0 ? k : archive_reader_finish(reader, &totals, r->reterr_message);
}

int aci_file_read(int fd, AciFile *ret, char **reterr_message)
{
        _cleanup_(reading_done) Reading r = { .reterr_message = reterr_message };
        int k = read_entries(&r, fd);

        if (k >= 0)
                k = find_duplicates(&r);
        if (k >= 0)
                k = find_missing_links(&r);
        if (k < 0)
                return k;
        *ret = r.file;
        r.file = (AciFile) {};
        return 0;
}

/* Directories */

static int read_directory(int dir_fd, Reading *r)
{
        _cleanup_strv_free_ char **names = NULL;
        struct stat st;
        int k = list_directory_all_at(dir_fd, ".", &names);

        STRV_FOREACH(name, names)
                if (k >= 0 && !streq(*name, MANIFEST) && !streq(*name, ROOTFS))
                        k = find_fault(r, "is neither the manifest nor in rootfs", *name);
        if (k >= 0 && fstatat(dir_fd, ROOTFS, &st, AT_SYMLINK_NOFOLLOW) >= 0) {
                r->file.has_rootfs = true;
                if (!S_ISDIR(st.st_mode))
                        k = find_fault(r, "is not a directory", ROOTFS);
        }
        if (k >= 0)
                k = read_foreign_file_at(dir_fd, MANIFEST, ACI_MANIFEST_MAX, &r->file.manifest,
                                         &r->file.manifest_size);
        return k == -ENOENT ? 0 : k < 0 ? explain_context(r->reterr_message, k, MANIFEST) : 0;
}

int aci_file_read_directory(int dir_fd, AciFile *ret, char **reterr_message)
{
        _cleanup_(reading_done) Reading r = { .reterr_message = reterr_message };
        int k = read_directory(dir_fd, &r);

        if (k < 0)
                return k;
        *ret = r.file;
        r.file = (AciFile) {};
        return 0;
}

/* Checking */

int aci_file_check(const AciFile *f, char **reterr_message)
{
        _cleanup_(appc_image_freep) AppcImage *image = NULL;
        _cleanup_json_object_ json_object *o = NULL;
        _cleanup_json_error_ JsonError error = {};
        int r;

        if (!f->manifest)
                return explain(reterr_message, EINVAL, "no image manifest found in layout");
        if (!f->has_rootfs)
                return explain(reterr_message, EINVAL, "no rootfs found in layout");
        r = json_parse_foreign(f->manifest, f->manifest_size, &o, &error);
        if (r >= 0)
                r = appc_image_read(o, &image, &error);
        if (r < 0)
                return explain(reterr_message, EINVAL, "image manifest validation failed: %s",
                               json_error_message(&error, r));
        return f->fault ? explain(reterr_message, EINVAL, "%s", f->fault) : 0;
}

/* Rewriting */

static int copy_entry(struct archive_entry *entry, const char *manifest, ArchiveReader *reader, BuildTar *tar,
                      char **reterr_message)
{
        const char *name = strempty(archive_entry_pathname(entry)), *hardlink = archive_entry_hardlink(entry);
        _cleanup_free_ char *path = NULL;
        int r = tree_path(name, &path);

        if (r < 0)
                return r;
        if (streq(path, MANIFEST))
                return build_tar_add_text(tar, MANIFEST, manifest, reterr_message);
        return hardlink ? build_tar_link(tar, name, hardlink, reterr_message)
                        : build_tar_copy(tar, name, entry, reader, reterr_message);
}

int aci_file_rewrite(int from, const char *manifest, bool gzip, int to, char **reterr_message)
{
        _cleanup_(archive_reader_freep) ArchiveReader *reader = NULL;
        _cleanup_(build_tar_freep) BuildTar *tar = NULL;
        struct archive_entry *entry;
        ArchiveTotals totals;
        int r = lseek(from, 0, SEEK_SET) < 0 ? -errno
                                             : archive_reader_new(from, _DIGEST_INVALID, &reader, reterr_message);

        if (r >= 0 && !utf8_is_valid(manifest))
                r = explain(reterr_message, EILSEQ, "one of the words is not UTF-8");
        if (r >= 0)
                r = build_tar_new_exact(to, 0, gzip, &tar, reterr_message);
        while (r >= 0 && (r = archive_reader_next(reader, &entry, reterr_message)) > 0) {
                r = copy_entry(entry, manifest, reader, tar, reterr_message);
                if (r < 0)
                        return refuse_entry(entry, r, reterr_message);
        }
        if (r >= 0)
                r = archive_reader_finish(reader, &totals, reterr_message);
        return r < 0 ? r : build_tar_finish(tar, reterr_message);
}
