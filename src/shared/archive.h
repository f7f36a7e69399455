/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/digest.h"
#include "shared/libarchive.h"

/* A tar archive that is read once, from front to back, as one chain:
 *
 *     fd → decompression → digest of the tar → entries
 *
 * Only one block is kept. The digest covers every byte to the end of the file, including whatever follows the tar's
 * end mark, so it is what sha256sum(1) reports for the file's decompressed contents. Libarchive does the
 * decompression and the tar. Names are returned as the bytes that are in the archive.
 *
 * Errors come with a message (see shared/explain.h). -EBADMSG: the data is not an archive, or damaged or truncated. */

typedef enum Compression {
        COMPRESSION_NONE,
        COMPRESSION_GZIP,
        COMPRESSION_BZIP2,
        COMPRESSION_XZ,
        COMPRESSION_ZSTD,
        _COMPRESSION_MAX,
        _COMPRESSION_INVALID = -EINVAL,
} Compression;

const char *compression_to_string(Compression c);
Compression compression_from_string(const char *s);

/* Detects the compression from the first bytes of a file; COMPRESSION_NONE when it is unknown. Six bytes suffice. */
Compression compression_detect(const void *data, size_t n);

typedef struct ArchiveTotals {
        Compression compression;
        Digest tar_digest;      /* of the uncompressed tar, if it was requested */
        uint64_t tar_size;
        bool end_mark;          /* the archive ends with an empty block, and not merely between two entries */
} ArchiveTotals;

typedef struct ArchiveReader ArchiveReader;

/* Reads from fd's current position; the fd stays the caller's and must outlive the reader. The algorithm may be
 * _DIGEST_INVALID when no digest is wanted. */
int archive_reader_new(int fd, DigestAlgorithm algorithm, ArchiveReader **ret, char **reterr_message);
ArchiveReader *archive_reader_free(ArchiveReader *a);
DEFINE_TRIVIAL_CLEANUP_FUNC(ArchiveReader *, archive_reader_free);

/* 1: *ret is the next entry, owned by the reader and valid until the next call. 0: there are no more. */
int archive_reader_next(ArchiveReader *a, struct archive_entry **ret, char **reterr_message);

/* The next piece of the entry's contents and its offset in the file; gaps between pieces are holes. 1: there is one,
 * owned by the reader and valid until the next call. 0: there are no more. */
int archive_reader_data(ArchiveReader *a, const void **ret_data, size_t *ret_size, uint64_t *ret_offset,
                        char **reterr_message);

/* Reads the rest of the file and returns the digest. This ends the reading. */
int archive_reader_finish(ArchiveReader *a, ArchiveTotals *ret, char **reterr_message);

/* An archive that is written is compressed with gzip, without the time of packing in it: the same contents are the same
 * file, whenever they are packed. Returns what libarchive does. */
int archive_write_add_gzip(struct archive *a);

/* Describes what went wrong with an archive that libarchive writes. */
int archive_write_failed(struct archive *a, char **reterr_message);
