/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <linux/openat2.h>

#include "basic/fs.h"
#include "image/export/layout-writer.h"
#include "shared/archive.h"
#include "shared/explain.h"

struct LayoutWriter {
        struct archive *tar;    /* NULL: files of a directory */
        int dir_fd;
        int file_fd;            /* the file of the directory that is being written, ... */
        char *temporary;        /* ... under this name, ... */
        char *path;             /* ... until it gets this one */
        Digest *written;        /* the blobs so far: images share them */
        size_t n_written, n_allocated;
        bool finished;
};

static LayoutWriter *writer_new(int dir_fd)
{
        LayoutWriter *w = new0(LayoutWriter, 1);

        if (w)
                w->dir_fd = dir_fd, w->file_fd = -EBADF;
        return w;
}

int layout_writer_new_tar(int fd, LayoutWriter **ret, char **reterr_message)
{
        _cleanup_(layout_writer_freep) LayoutWriter *w = writer_new(-EBADF);
        int r = libarchive_load(reterr_message);

        if (r < 0)
                return r;
        if (!w)
                return -ENOMEM;
        w->tar = archive_write_new();
        if (!w->tar)
                return -ENOMEM;
        /* Write the same to a pipe as to a file. */
        (void) archive_write_set_bytes_in_last_block(w->tar, 1);
        if (archive_write_set_format_pax_restricted(w->tar) != ARCHIVE_OK ||
            archive_write_open_fd(w->tar, fd) != ARCHIVE_OK)
                return archive_write_failed(w->tar, reterr_message);
        *ret = TAKE_PTR(w);
        return 0;
}

int layout_writer_new_directory(int dir_fd, LayoutWriter **ret)
{
        *ret = writer_new(dir_fd);
        return *ret ? 0 : -ENOMEM;
}

/* What is behind a link is somebody else's. */
static int sweep(int dir_fd, const char *directory)
{
        _cleanup_close_ int fd = open_resolving(dir_fd, directory, O_RDONLY | O_DIRECTORY, RESOLVE_NO_SYMLINKS);
        _cleanup_strv_free_ char **names = NULL;
        int r = fd < 0 ? fd : list_directory_all_at(fd, ".", &names);

        STRV_FOREACH(name, names)
                if (r >= 0 && is_temporary_name(*name) && unlinkat(fd, *name, 0) < 0)
                        r = -errno;
        return r == -ENOENT || r == -ELOOP ? 0 : r;
}

int layout_writer_sweep(int dir_fd)
{
        static const char *const directories[] = { ".", "blobs/sha256", "blobs/sha512" };
        int r = 0;

        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(directories); i++)
                r = sweep(dir_fd, directories[i]);
        return r;
}

static void forget_file(LayoutWriter *w)
{
        w->file_fd = safe_close(w->file_fd);
        w->temporary = mfree(w->temporary);
        w->path = mfree(w->path);
}

LayoutWriter *layout_writer_free(LayoutWriter *w)
{
        if (!w)
                return NULL;
        if (w->tar) {
                /* Closing an incomplete file would report an error; the part that is written is useless. */
                if (!w->finished)
                        (void) archive_write_fail(w->tar);
                (void) archive_write_free(w->tar);
        }
        if (w->temporary)
                (void) unlinkat(w->dir_fd, w->temporary, 0);
        forget_file(w);
        free(w->written);
        return mfree(w);
}

static int begin_entry(LayoutWriter *w, const char *path, uint64_t size, char **reterr_message)
{
        struct archive_entry *entry = archive_entry_new();
        int k;

        if (!entry)
                return -ENOMEM;
        archive_entry_copy_pathname(entry, path);
        archive_entry_set_filetype(entry, AE_IFREG);
        archive_entry_set_perm(entry, 0644);
        archive_entry_set_size(entry, (int64_t) size);
        archive_entry_set_mtime(entry, 0, 0);
        k = archive_write_header(w->tar, entry);
        archive_entry_free(entry);
        return k < ARCHIVE_WARN ? archive_write_failed(w->tar, reterr_message) : 0;
}

static int finish_file(LayoutWriter *w)
{
        int r;

        if (!w->temporary)
                return 0;
        if (fsync(w->file_fd) < 0)
                return -errno;
        r = rename_sync(w->dir_fd, w->temporary, w->dir_fd, w->path);
        if (r >= 0)
                forget_file(w);
        return r;
}

static int begin_file(LayoutWriter *w, const char *path)
{
        const char *slash = strrchr(path, '/');
        _cleanup_free_ char *directory = slash ? strndup(path, (size_t) (slash - path)) : NULL;
        int r = finish_file(w);

        if (r >= 0 && slash)
                r = directory ? mkdir_p_at(w->dir_fd, directory, 0755) : -ENOMEM;
        if (r < 0)
                return r;
        w->path = strdup(path);
        if (!w->path)
                return -ENOMEM;
        w->file_fd = open_temporary_at(w->dir_fd, path, 0644, &w->temporary);
        return w->file_fd < 0 ? w->file_fd : 0;
}

int layout_writer_begin(LayoutWriter *w, const char *path, uint64_t size, char **reterr_message)
{
        int r = w->tar ? begin_entry(w, path, size, reterr_message) : begin_file(w, path);

        return r < 0 ? explain_unless_told(reterr_message, r, path) : 0;
}

int layout_writer_data(LayoutWriter *w, const void *data, size_t n, char **reterr_message)
{
        int r;

        if (w->tar)
                return archive_write_data(w->tar, data, n) != (la_ssize_t) n
                               ? archive_write_failed(w->tar, reterr_message)
                               : 0;
        r = loop_write(w->file_fd, data, n);
        return r < 0 ? explain(reterr_message, r, "%s: %s", w->path, strerror(-r)) : 0;
}

int layout_writer_text(LayoutWriter *w, const char *path, const char *text, size_t n, char **reterr_message)
{
        int r = layout_writer_begin(w, path, n, reterr_message);

        return r < 0 ? r : layout_writer_data(w, text, n, reterr_message);
}

static char *blob_path(const Digest *digest)
{
        return strjoin("blobs/", digest_algorithm_to_string(digest->algorithm), "/", digest->hex);
}

/* Files get their names when they are complete, so that the size is enough to tell them apart from other rubbish. */
static bool is_there(const LayoutWriter *w, const char *path, uint64_t size)
{
        struct stat st;

        return !w->tar && fstatat(w->dir_fd, path, &st, AT_SYMLINK_NOFOLLOW) >= 0 && S_ISREG(st.st_mode) &&
               (uint64_t) st.st_size == size;
}

int layout_writer_begin_blob(LayoutWriter *w, const Digest *digest, uint64_t size, char **reterr_message)
{
        _cleanup_free_ char *path = blob_path(digest);
        int r;

        for (size_t i = 0; i < w->n_written; i++)
                if (digest_equal(&w->written[i], digest))
                        return 0;
        if (!path || ARRAY_GROW(w->written, w->n_allocated, w->n_written, 1) < 0)
                return -ENOMEM;
        w->written[w->n_written++] = *digest;
        if (is_there(w, path, size))
                return 0;
        r = layout_writer_begin(w, path, size, reterr_message);
        return r < 0 ? r : 1;
}

int layout_writer_blob_text(LayoutWriter *w, const Digest *digest, const char *text, size_t n, char **reterr_message)
{
        int r = layout_writer_begin_blob(w, digest, n, reterr_message);

        return r <= 0 ? r : layout_writer_data(w, text, n, reterr_message);
}

int layout_writer_finish(LayoutWriter *w, char **reterr_message)
{
        int r;

        if (w->tar)
                r = archive_write_close(w->tar) != ARCHIVE_OK ? archive_write_failed(w->tar, reterr_message) : 0;
        else
                r = finish_file(w);
        w->finished = r >= 0;
        return r;
}

/* index.json */

json_object *layout_index_new(void)
{
        json_object *index = json_object_new_object();

        (void) json_object_object_add(index, "schemaVersion", json_object_new_int(2));
        (void) json_object_object_add(index, "mediaType", json_object_new_string(OCI_MEDIA_TYPE_INDEX));
        (void) json_object_object_add(index, "manifests", json_object_new_array());
        return index;
}

json_object *layout_descriptor_new(const char *media_type, const Digest *digest, uint64_t size)
{
        json_object *o = json_object_new_object();

        (void) json_object_object_add(o, "mediaType", json_object_new_string(media_type));
        (void) json_object_object_add(o, "digest", json_object_new_string(DIGEST_STRING(digest)));
        (void) json_object_object_add(o, "size", json_object_new_int64((int64_t) size));
        return o;
}

json_object *layout_index_add(json_object *index, const char *media_type, const Digest *digest, uint64_t size,
                              const char *name)
{
        json_object *o = layout_descriptor_new(media_type, digest, size), *annotations;

        if (name) {
                annotations = json_object_new_object();
                (void) json_object_object_add(annotations, OCI_ANNOTATION_REF_NAME, json_object_new_string(name));
                (void) json_object_object_add(o, "annotations", annotations);
        }
        (void) json_object_array_add(json_object_object_get(index, "manifests"), o);
        return o;
}
