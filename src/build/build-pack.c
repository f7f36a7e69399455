/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <archive.h>
#include <archive_entry.h>

#include "basic/fd.h"
#include "build/build-pack.h"
#include "shared/archive.h"
#include "shared/explain.h"

#define BLOCK_SIZE (256U * 1024)

void build_packed_done(BuildPacked *p)
{
        p->fd = safe_close(p->fd);
}

int build_aside(const BuildContext *c, char **reterr_message)
{
        int fd = openat(c->dir_fd, "layers", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

        return fd < 0 ? explain(reterr_message, errno, "cannot write beside the layers: %s", strerror(errno)) : fd;
}

/* Compressing: the "raw" format of libarchive is a file and nothing else. */

static const struct {
        const char *filter;
        const char *options;
        const char *suffix;
} packers[] = {
        [OCI_COMPRESSION_NONE] = { NULL,   NULL,              ".tar"     },
        /* Not the time of packing. */
        [OCI_COMPRESSION_GZIP] = { "gzip", "gzip:!timestamp", ".tar.gz"  },
        [OCI_COMPRESSION_ZSTD] = { "zstd", NULL,              ".tar.zst" },
};

static int begin_packing(struct archive *a, OciCompression compression, int fd)
{
        struct archive_entry *entry;
        int k = archive_write_set_format_raw(a);

        if (k == ARCHIVE_OK && packers[compression].filter)
                k = archive_write_add_filter_by_name(a, packers[compression].filter);
        if (k == ARCHIVE_OK && packers[compression].options)
                k = archive_write_set_options(a, packers[compression].options);
        (void) archive_write_set_bytes_in_last_block(a, 1);
        if (k == ARCHIVE_OK)
                k = archive_write_open_fd(a, fd);
        if (k != ARCHIVE_OK)
                return k;
        entry = archive_entry_new();
        if (!entry)
                return ARCHIVE_FATAL;
        archive_entry_set_filetype(entry, AE_IFREG);
        k = archive_write_header(a, entry);
        archive_entry_free(entry);
        return k;
}

static int pack_file(int from, struct archive *a, char **reterr_message)
{
        _cleanup_free_ char *block = new_array(char, BLOCK_SIZE);
        ssize_t n;

        if (!block)
                return -ENOMEM;
        while ((n = loop_read(from, block, BLOCK_SIZE)) > 0)
                if (archive_write_data(a, block, (size_t) n) != n)
                        return archive_write_failed(a, reterr_message);
        if (n < 0)
                return (int) n;
        return archive_write_close(a) != ARCHIVE_OK ? archive_write_failed(a, reterr_message) : 0;
}

int build_pack_file(int from, OciCompression compression, int to, char **reterr_message)
{
        struct archive *a = archive_write_new();
        int r;

        if (!a)
                return -ENOMEM;
        if (lseek(from, 0, SEEK_SET) < 0)
                r = -errno;
        else if (begin_packing(a, compression, to) != ARCHIVE_OK)
                r = archive_write_failed(a, reterr_message);
        else
                r = pack_file(from, a, reterr_message);
        if (r < 0)
                (void) archive_write_fail(a);
        (void) archive_write_free(a);
        return r;
}

/* Decompressing */

static int unpack_file(struct archive *a, int to)
{
        const void *data;
        size_t size;
        la_int64_t offset;
        int k, r = 0;

        while (r >= 0 && (k = archive_read_data_block(a, &data, &size, &offset)) != ARCHIVE_EOF)
                r = k < ARCHIVE_WARN ? -EBADMSG : loop_write(to, data, size);
        return r;
}

static int unpack(int from, int to)
{
        struct archive *a = archive_read_new();
        struct archive_entry *entry;
        int r;

        if (!a)
                return -ENOMEM;
        if (archive_read_support_filter_all(a) < ARCHIVE_WARN || archive_read_support_format_raw(a) != ARCHIVE_OK ||
            archive_read_open_fd(a, from, BLOCK_SIZE) != ARCHIVE_OK ||
            archive_read_next_header(a, &entry) < ARCHIVE_WARN)
                r = -EBADMSG;
        else
                r = unpack_file(a, to);
        (void) archive_read_free(a);
        return r;
}

static const struct {
        Compression file;
        OciCompression layer;
} forms[] = {
        { COMPRESSION_NONE, OCI_COMPRESSION_NONE },
        { COMPRESSION_GZIP, OCI_COMPRESSION_GZIP },
        { COMPRESSION_ZSTD, OCI_COMPRESSION_ZSTD },
};

/* Other compressions have no media type. */
static bool find_form(const BuildLayer *layer, OciCompression *ret)
{
        Compression c = compression_from_string(layer->compression);

        for (size_t i = 0; i < ELEMENTSOF(forms); i++)
                if (forms[i].file == c) {
                        *ret = forms[i].layer;
                        return true;
                }
        return false;
}

static void take_as_it_is(const BuildLayer *layer, int fd, OciCompression compression, BuildPacked *ret)
{
        *ret = (BuildPacked) { .fd = fd, .compression = compression, .digest = layer->blob,
                               .size = layer->blob_size };
}

int build_unpack(BuildContext *c, const BuildLayer *layer, BuildPacked *ret, char **reterr_message)
{
        _cleanup_close_ int from = build_context_open_file(c, layer->path, reterr_message), to = -EBADF;
        int r = from;

        if (r < 0)
                return r;
        if (compression_from_string(layer->compression) == COMPRESSION_NONE) {
                take_as_it_is(layer, TAKE_FD(from), OCI_COMPRESSION_NONE, ret);
                return 0;
        }
        to = build_aside(c, reterr_message);
        r = to < 0 ? to : unpack(from, to);
        if (r < 0)
                return explain_unless_told(reterr_message, r, layer->path);
        *ret = (BuildPacked) { .fd = TAKE_FD(to), .digest = layer->tar, .size = layer->tar_size };
        return 0;
}

/* Packed layers */

static const BuildPack *find_pack(const BuildLayer *layer, OciCompression compression)
{
        for (size_t i = 0; i < layer->n_packs; i++)
                if (streq(layer->packs[i].compression, packers[compression].filter))
                        return &layer->packs[i];
        return NULL;
}

static int take_pack(BuildContext *c, const BuildPack *pack, OciCompression compression, BuildPacked *ret,
                     char **reterr_message)
{
        int fd = build_context_open_file(c, pack->path, reterr_message);

        if (fd < 0)
                return fd;
        *ret = (BuildPacked) { .fd = fd, .compression = compression, .digest = pack->blob, .size = pack->blob_size };
        return 0;
}

/* The file, and its row in the record. */
static int make_pack(BuildContext *c, BuildLayer *layer, OciCompression compression, char **reterr_message)
{
        _cleanup_(build_packed_done) BuildPacked tar = BUILD_PACKED_NONE;
        BuildPack pack = { .compression = strdup(packers[compression].filter) };
        _cleanup_close_ int fd = build_context_create(c, packers[compression].suffix, &pack.path, reterr_message);
        Digest found;
        uint64_t size;
        int r = fd < 0 ? fd : build_unpack(c, layer, &tar, reterr_message);

        if (r >= 0)
                r = digest_of_file(layer->tar.algorithm, tar.fd, &found, &size);
        if (r >= 0 && !digest_equal(&found, &layer->tar))
                r = explain(reterr_message, EBADMSG, "%s has changed since the build began; end it, and begin again",
                            layer->path);
        if (r >= 0)
                r = build_pack_file(tar.fd, compression, fd, reterr_message);
        if (r >= 0)
                r = digest_of_file(DIGEST_SHA256, fd, &pack.blob, &pack.blob_size);
        if (r >= 0)
                r = build_context_sync(c, fd);
        if (r >= 0)
                return build_layer_add_pack(layer, &pack);
        free(pack.path);
        free(pack.compression);
        return explain_unless_told(reterr_message, r, layer->path);
}

int build_pack(BuildContext *c, BuildLayer *layer, OciCompression compression, BuildPacked *ret,
               char **reterr_message)
{
        OciCompression kept;
        int r;

        if (find_form(layer, &kept) && kept != OCI_COMPRESSION_NONE) {
                r = build_context_open_file(c, layer->path, reterr_message);
                if (r >= 0)
                        take_as_it_is(layer, r, kept, ret);
                return r < 0 ? r : 0;
        }
        if (compression == OCI_COMPRESSION_NONE)
                return build_unpack(c, layer, ret, reterr_message);
        r = find_pack(layer, compression) ? 0 : make_pack(c, layer, compression, reterr_message);
        return r < 0 ? r : take_pack(c, find_pack(layer, compression), compression, ret, reterr_message);
}

int build_packed_write(const BuildPacked *p, LayoutWriter *writer, char **reterr_message)
{
        _cleanup_(hasher_freep) Hasher *hasher = NULL;
        _cleanup_free_ char *block = new_array(char, BLOCK_SIZE);
        uint64_t left = p->size;
        Digest found;
        ssize_t n;
        int r = block ? hasher_new(p->digest.algorithm, &hasher) : -ENOMEM;

        if (r >= 0 && lseek(p->fd, 0, SEEK_SET) < 0)
                r = -errno;
        while (r >= 0 && left > 0 && (n = loop_read(p->fd, block, MIN(left, BLOCK_SIZE))) != 0) {
                r = n < 0 ? (int) n : hasher_update(hasher, block, (size_t) n);
                if (r >= 0)
                        r = layout_writer_data(writer, block, (size_t) n, reterr_message);
                left -= n < 0 ? 0 : (uint64_t) n;
        }
        if (r >= 0)
                r = hasher_finish(hasher, &found);
        if (r < 0)
                return r;
        return left > 0 || !digest_equal(&found, &p->digest)
                       ? explain(reterr_message, EBADMSG,
                                 "a layer has changed since the build began; end it, and begin again")
                       : 0;
}
