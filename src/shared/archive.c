/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <locale.h>

#include "basic/fd.h"
#include "basic/string-table.h"
#include "shared/archive.h"
#include "shared/explain.h"
#include "shared/gunzip.h"

/* Two readers back to back: a decompressor that yields the tar as a stream, and libarchive's "tar", which reads that
 * stream through a callback. Gzip has its own decompressor, the others are libarchive's "raw" format over one filter;
 * uncompressed files need none. There are two readers because our digest sits between them. */

#define BLOCK_SIZE (256U * 1024)
#define TAR_BLOCK 512U

struct ArchiveReader {
        int fd;
        Compression compression;
        Gunzip *gunzip;                 /* one of these, or neither */
        struct archive *filter;
        struct archive *tar;
        locale_t locale;                /* "C" */

        Hasher *hasher;                 /* NULL: no digest is wanted */
        uint64_t tar_size;
        uint64_t end_offset;            /* where in the tar the last header was searched for */

        int error;                      /* of a callback; libarchive's text does not describe it */
        char *message;

        bool padded;                    /* the tar does not fill its last block */
        size_t n_ahead;                 /* bytes read for detection, to be handed out first */
        char ahead[8];
        char block[BLOCK_SIZE];
};

static const char *const compression_table[_COMPRESSION_MAX] = {
        [COMPRESSION_NONE] = "none",
        [COMPRESSION_GZIP] = "gzip",
        [COMPRESSION_BZIP2] = "bzip2",
        [COMPRESSION_XZ] = "xz",
        [COMPRESSION_ZSTD] = "zstd",
};
DEFINE_STRING_TABLE(compression, Compression);

static const struct {
        const char *magic;
        size_t n;
        int filter;
} compression_kinds[_COMPRESSION_MAX] = {
        [COMPRESSION_GZIP] = { "\x1f\x8b", 2, ARCHIVE_FILTER_NONE },
        [COMPRESSION_BZIP2] = { "BZh", 3, ARCHIVE_FILTER_BZIP2 },
        [COMPRESSION_XZ] = { "\xfd" "7zXZ\0", 6, ARCHIVE_FILTER_XZ },
        [COMPRESSION_ZSTD] = { "\x28\xb5\x2f\xfd", 4, ARCHIVE_FILTER_ZSTD },
};

Compression compression_detect(const void *data, size_t n)
{
        for (Compression c = COMPRESSION_NONE + 1; c < _COMPRESSION_MAX; c++)
                if (n >= compression_kinds[c].n &&
                    memcmp(data, compression_kinds[c].magic, compression_kinds[c].n) == 0)
                        return c;
        return COMPRESSION_NONE;
}

static int callback_failed(ArchiveReader *a, int error)
{
        a->error = -abs(error);
        return a->error;
}

/* Reads bytes of the file as stored. 0 at its end. */
static ssize_t read_stored(ArchiveReader *a, const void **ret)
{
        size_t n = a->n_ahead;
        ssize_t k;

        memcpy(a->block, a->ahead, n);
        a->n_ahead = 0;

        k = loop_read(a->fd, a->block + n, BLOCK_SIZE - n);
        if (k < 0)
                return callback_failed(a, (int) k);
        n += (size_t) k;
        *ret = a->block;
        return (ssize_t) n;
}

static ssize_t gunzip_callback(void *userdata, const void **ret)
{
        return read_stored(userdata, ret);
}

static ssize_t read_gunzip(ArchiveReader *a, const void **ret)
{
        ssize_t n = gunzip_read(a->gunzip, ret);

        if (n == -EBADMSG && !a->error && !a->message)
                a->message = strdup(*ret);
        return n;
}

static ssize_t read_filter(ArchiveReader *a, const void **ret)
{
        size_t n = 0;
        int64_t offset;
        int k;

        do
                k = archive_read_data_block(a->filter, ret, &n, &offset);
        while (k == ARCHIVE_OK && n == 0);

        if (k < ARCHIVE_WARN) {
                if (!a->error && !a->message)
                        a->message = strdup(strempty(archive_error_string(a->filter)));
                return -EBADMSG;
        }
        return k == ARCHIVE_EOF ? 0 : (ssize_t) n;
}

/* Reads bytes of the tar. 0 at its end. */
static ssize_t read_contents(ArchiveReader *a, const void **ret)
{
        ssize_t n = a->gunzip ? read_gunzip(a, ret) : a->filter ? read_filter(a, ret) : read_stored(a, ret);

        if (n < 0)
                return callback_failed(a, a->error ?: (int) n);
        if (a->hasher) {
                int r = hasher_update(a->hasher, *ret, (size_t) n);
                if (r < 0)
                        return callback_failed(a, r);
        }
        a->tar_size += (uint64_t) n;
        return n;
}

static la_ssize_t filter_callback(struct archive *archive, void *userdata, const void **ret)
{
        ArchiveReader *a = userdata;
        ssize_t n = read_stored(a, ret);

        if (n < 0)
                archive_set_error(archive, -a->error, "%s", strerror(-a->error));
        return n < 0 ? -1 : n;
}

/* Some tools write neither the end mark nor the padding of the last file (umoci's insert does this), and other tools
 * read such archives; so we pad the last block. archive_reader_data() detects it when a file's contents reach into the
 * padding. */
static ssize_t pad_contents(ArchiveReader *a, const void **ret)
{
        static const char zeros[TAR_BLOCK];

        if (a->padded)
                return 0;
        a->padded = true;
        *ret = zeros;
        return (ssize_t) ((TAR_BLOCK - a->tar_size % TAR_BLOCK) % TAR_BLOCK);
}

static la_ssize_t tar_callback(struct archive *archive, void *userdata, const void **ret)
{
        ArchiveReader *a = userdata;
        ssize_t n = read_contents(a, ret);

        if (n == 0)
                n = pad_contents(a, ret);
        if (n < 0)
                archive_set_error(archive, -a->error, "%s", explained(a->message, a->error));
        return n < 0 ? -1 : n;
}

/* What went wrong: our own read error, the decompressor's error, or the tar reader's. */
static int reader_failed(ArchiveReader *a, struct archive *archive, char **reterr_message)
{
        if (a->error && !a->message)
                return explain(reterr_message, a->error, "cannot be read: %s", strerror(-a->error));
        if (archive_errno(archive) == ENOMEM)
                return explain(reterr_message, ENOMEM, "%s", strerror(ENOMEM));
        return explain(reterr_message, EBADMSG, "damaged archive: %s",
                       a->message ?: archive_error_string(archive) ?: "unknown error");
}

static int open_filter(ArchiveReader *a, char **reterr_message)
{
        struct archive_entry *entry;
        int k;

        a->filter = archive_read_new();
        if (!a->filter)
                return -ENOMEM;

        /* Naming one filter turns off libarchive's own detection, which would go on to decompress twice. */
        if (archive_read_append_filter(a->filter, compression_kinds[a->compression].filter) < ARCHIVE_WARN ||
            archive_read_support_format_raw(a->filter) != ARCHIVE_OK ||
            archive_read_support_format_empty(a->filter) != ARCHIVE_OK)
                return explain(reterr_message, EOPNOTSUPP, "libarchive has no support for %s",
                               compression_to_string(a->compression));

        if (archive_read_open(a->filter, a, NULL, filter_callback, NULL) != ARCHIVE_OK)
                return reader_failed(a, a->filter, reterr_message);
        k = archive_read_next_header(a->filter, &entry);
        if (k != ARCHIVE_OK && k != ARCHIVE_WARN && k != ARCHIVE_EOF)
                return reader_failed(a, a->filter, reterr_message);
        return 0;
}

static int open_tar(ArchiveReader *a, char **reterr_message)
{
        a->tar = archive_read_new();
        if (!a->tar)
                return -ENOMEM;

        /* The empty format is for an archive of zero bytes. */
        if (archive_read_support_format_tar(a->tar) != ARCHIVE_OK ||
            archive_read_support_format_empty(a->tar) != ARCHIVE_OK)
                return -ENOMEM;
        if (archive_read_open(a->tar, a, NULL, tar_callback, NULL) != ARCHIVE_OK)
                return reader_failed(a, a->tar, reterr_message);
        return 0;
}

int archive_reader_new(int fd, DigestAlgorithm algorithm, ArchiveReader **ret, char **reterr_message)
{
        _cleanup_(archive_reader_freep) ArchiveReader *a = NULL;
        int r = libarchive_load(reterr_message);
        ssize_t k;

        if (r < 0)
                return r;
        a = new0(ArchiveReader, 1);
        if (!a)
                return -ENOMEM;

        a->fd = fd;
        a->locale = newlocale(LC_CTYPE_MASK, "C", (locale_t) 0);
        if (!a->locale)
                return -ENOMEM;
        k = loop_read(fd, a->ahead, sizeof(a->ahead));
        if (k < 0)
                return explain(reterr_message, (int) -k, "cannot be read: %s", strerror((int) -k));
        a->n_ahead = (size_t) k;
        a->compression = compression_detect(a->ahead, a->n_ahead);

        r = algorithm >= 0 ? hasher_new(algorithm, &a->hasher) : 0;
        if (r < 0)
                return r;
        if (a->compression == COMPRESSION_GZIP)
                r = gunzip_new(gunzip_callback, a, &a->gunzip);
        else if (a->compression != COMPRESSION_NONE)
                r = open_filter(a, reterr_message);
        if (r < 0)
                return r;
        r = open_tar(a, reterr_message);
        if (r < 0)
                return r;

        *ret = TAKE_PTR(a);
        return 0;
}

ArchiveReader *archive_reader_free(ArchiveReader *a)
{
        if (!a)
                return NULL;

        (void) archive_read_free(a->tar);
        (void) archive_read_free(a->filter);
        gunzip_free(a->gunzip);
        hasher_free(a->hasher);
        if (a->locale)
                freelocale(a->locale);
        free(a->message);
        return mfree(a);
}

/* Libarchive takes pax names for UTF-8 and converts them to the locale's charset, which in a UTF-8 locale composes
 * letters and accents, so that the name changes. In the C locale there is nothing to convert to, and it falls back to
 * the bytes. Only this thread uses that locale, and only for this call. */
static int next_header(ArchiveReader *a, struct archive_entry **ret)
{
        locale_t before = uselocale(a->locale);
        int k = archive_read_next_header(a->tar, ret);

        (void) uselocale(before);
        return k;
}

int archive_reader_next(ArchiveReader *a, struct archive_entry **ret, char **reterr_message)
{
        int k = next_header(a, ret);

        a->end_offset = (uint64_t) archive_read_header_position(a->tar);
        if (k == ARCHIVE_EOF)
                return 0;
        /* A warning is about a name that the locale cannot express; the bytes are returned nevertheless. */
        if (k == ARCHIVE_OK || k == ARCHIVE_WARN)
                return 1;
        return reader_failed(a, a->tar, reterr_message);
}

int archive_reader_data(ArchiveReader *a, const void **ret_data, size_t *ret_size, uint64_t *ret_offset,
                        char **reterr_message)
{
        int64_t offset = 0;
        int k = archive_read_data_block(a->tar, ret_data, ret_size, &offset);

        if (k == ARCHIVE_EOF)
                return 0;
        if (k < ARCHIVE_WARN || offset < 0)
                return reader_failed(a, a->tar, reterr_message);
        /* Only the next call counts the piece as read. */
        if (a->padded && (uint64_t) archive_filter_bytes(a->tar, 0) + *ret_size > a->tar_size)
                return explain(reterr_message, EBADMSG, "damaged archive: truncated");
        *ret_offset = (uint64_t) offset;
        return 1;
}

/* Reads both streams to their ends: a process that writes the file into a pipe must not find it closed too early. */
static int drain(ArchiveReader *a)
{
        const void *data;
        ssize_t n;

        do
                n = read_contents(a, &data);
        while (n > 0);
        while (n == 0 && (a->filter || a->gunzip) && (n = read_stored(a, &data)) > 0)
                n = 0;
        return (int) n;
}

int archive_reader_finish(ArchiveReader *a, ArchiveTotals *ret, char **reterr_message)
{
        ArchiveTotals t = { .compression = a->compression };
        int r;

        if (drain(a) < 0)
                return reader_failed(a, a->filter ?: a->tar, reterr_message);

        t.tar_size = a->tar_size;
        t.end_mark = a->end_offset + TAR_BLOCK <= a->tar_size;
        if (a->hasher) {
                r = hasher_finish(a->hasher, &t.tar_digest);
                if (r < 0)
                        return r;
        }

        *ret = t;
        return 0;
}

/* Libarchive's own text may be just "Write error". */
int archive_write_add_gzip(struct archive *a)
{
        int k = archive_write_add_filter_gzip(a);

        return k == ARCHIVE_OK ? archive_write_set_filter_option(a, "gzip", "timestamp", NULL) : k;
}

int archive_write_failed(struct archive *a, char **reterr_message)
{
        const char *text = archive_error_string(a);
        int error = archive_errno(a);

        if (error <= 0)
                return explain(reterr_message, EIO, "cannot be written: %s", text ?: strerror(EIO));
        return explain(reterr_message, error, "cannot be written: %s%s%s", strempty(text), text ? ": " : "",
                       strerror(error));
}
