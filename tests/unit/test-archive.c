/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shared/archive.h"
#include "lib/test-tar.h"

static const Member two_files[] = {
        DIR_MEMBER("d/"),
        FILE_MEMBER("d/one", "1"),
        FILE_MEMBER("two", "22"),
        {},
};

static Digest digest_of_fd(int fd)
{
        _cleanup_free_ char *data = NULL;
        off_t size = lseek(fd, 0, SEEK_END);
        Digest d;

        data = new0(char, (size_t) size);
        cr_assert_eq(pread(fd, data, (size_t) size, 0), size);
        cr_assert_eq(digest_of_memory(DIGEST_SHA256, data, (size_t) size, &d), 0);
        cr_assert_eq(lseek(fd, 0, SEEK_SET), 0);
        return d;
}

/* Reads all of it; the number of entries, or the error. */
static int read_all(int fd, ArchiveTotals *ret, char **reterr_message)
{
        _cleanup_(archive_reader_freep) ArchiveReader *reader = NULL;
        struct archive_entry *entry;
        int r, n = 0;

        r = archive_reader_new(fd, DIGEST_SHA256, &reader, reterr_message);
        if (r < 0)
                return r;
        while ((r = archive_reader_next(reader, &entry, reterr_message)) > 0) {
                const void *data;
                uint64_t offset;
                size_t size;

                n++;
                while ((r = archive_reader_data(reader, &data, &size, &offset, reterr_message)) > 0)
                        ;
                if (r < 0)
                        return r;
        }
        if (r >= 0)
                r = archive_reader_finish(reader, ret, reterr_message);
        return r < 0 ? r : n;
}

static const struct {
        int filter;
        Compression compression;
} filters[] = {
        { ARCHIVE_FILTER_NONE, COMPRESSION_NONE }, { ARCHIVE_FILTER_GZIP, COMPRESSION_GZIP },
        { ARCHIVE_FILTER_BZIP2, COMPRESSION_BZIP2 }, { ARCHIVE_FILTER_XZ, COMPRESSION_XZ },
        { ARCHIVE_FILTER_ZSTD, COMPRESSION_ZSTD },
};

Test(archive, digests_of_every_compression)
{
        _cleanup_close_ int plain = tar_of(two_files, ARCHIVE_FILTER_NONE);
        Digest tar = digest_of_fd(plain);

        for (size_t i = 0; i < ELEMENTSOF(filters); i++) {
                _cleanup_close_ int fd = tar_of(two_files, filters[i].filter);
                _cleanup_free_ char *message = NULL;
                ArchiveTotals t;

                cr_assert_eq(read_all(fd, &t, &message), 3, "%s", message);
                cr_expect_eq(t.compression, filters[i].compression);
                cr_expect(digest_equal(&t.tar_digest, &tar));
                cr_expect_eq(t.tar_size, (uint64_t) lseek(plain, 0, SEEK_END));
                cr_expect(t.end_mark);
        }
}

Test(archive, bytes_after_the_end_are_read_too)
{
        static char padding[300 * 1024] = "x";

        for (size_t i = 0; i < ELEMENTSOF(filters); i++) {
                _cleanup_close_ int fd = tar_of(two_files, filters[i].filter);
                _cleanup_free_ char *message = NULL;
                off_t end;
                ArchiveTotals t;

                /* Zeros after a compressed stream are padding to all of these formats but zstd and xz. */
                lseek(fd, 0, SEEK_END);
                if (i < 2)
                        cr_assert_eq(loop_write(fd, padding, sizeof(padding)), 0);
                end = lseek(fd, 0, SEEK_END);
                lseek(fd, 0, SEEK_SET);
                cr_assert_eq(read_all(fd, &t, &message), 3, "%s", message);
                cr_expect_eq(lseek(fd, 0, SEEK_CUR), end, "%s", compression_to_string(filters[i].compression));
        }
}

Test(archive, truncation_is_seen_everywhere)
{
        for (size_t i = 0; i < ELEMENTSOF(filters); i++) {
                _cleanup_close_ int fd = tar_of(two_files, filters[i].filter);
                off_t size = lseek(fd, 0, SEEK_END);

                for (off_t n = size - 1; n > 0; n--) {
                        _cleanup_free_ char *message = NULL;
                        ArchiveTotals t;
                        int r;

                        cr_assert_eq(ftruncate(fd, n), 0);
                        lseek(fd, 0, SEEK_SET);
                        r = read_all(fd, &t, &message);
                        if (r >= 0 && !t.end_mark)
                                continue;
                        /* Of the two blocks at the end of a tar, one is enough; and the checksums that formats have
                         * at their very ends are not looked at by all versions of libarchive. */
                        if (r >= 0) {
                                cr_expect_gt(n, size - 2 * 512, "%s: %zi of %zi",
                                             compression_to_string(filters[i].compression), n, size);
                                continue;
                        }
                        cr_expect_eq(r, -EBADMSG);
                        cr_expect_not_null(message);
                }
        }
}

Test(archive, unfinished_last_block)
{
        _cleanup_close_ int fd = tar_of((Member[]) { FILE_MEMBER("f", "four"), {} }, ARCHIVE_FILTER_NONE);
        off_t size = lseek(fd, 0, SEEK_END), data = size - 1024 - 512;
        ArchiveTotals t;

        /* Without the end mark, with and without padding; then without the last byte of the file. */
        for (off_t n = 512; n >= 3; n = n == 512 ? 4 : n - 1) {
                cr_assert_eq(ftruncate(fd, data + n), 0);
                lseek(fd, 0, SEEK_SET);
                cr_expect_eq(read_all(fd, &t, NULL), n >= 4 ? 1 : -EBADMSG, "%zi", n);
                if (n >= 4)
                        cr_expect(t.tar_size == (uint64_t) (data + n) && !t.end_mark);
        }
}

Test(archive, no_archive)
{
        static const char *const cases[] = { "no archive at all", "\x1f\x8b", "\x1f\x8b\x08 nonsense", "BZh9 nonsense",
                                             ("\x28\xb5\x2f\xfd" "nonsense") };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_close_ int fd = memfd_create("x", MFD_CLOEXEC);
                _cleanup_free_ char *message = NULL;
                ArchiveTotals t;

                cr_assert_eq(loop_write(fd, cases[i], strlen(cases[i])), 0);
                lseek(fd, 0, SEEK_SET);
                cr_expect_eq(read_all(fd, &t, &message), -EBADMSG, "%zu", i);
                cr_expect(message && startswith(message, "damaged archive: "), "%zu: %s", i, message);
        }
}

Test(archive, empty)
{
        _cleanup_close_ int fd = memfd_create("x", MFD_CLOEXEC);
        ArchiveTotals t;

        cr_expect_eq(read_all(fd, &t, NULL), 0);
        cr_expect_eq(t.tar_size, 0);
        cr_expect_not(t.end_mark);
}

/* A file that is itself compressed twice must not be unwrapped twice. */
Test(archive, decompresses_once)
{
        _cleanup_close_ int inner = tar_of(two_files, ARCHIVE_FILTER_GZIP), fd = memfd_create("x", MFD_CLOEXEC);
        _cleanup_free_ char *message = NULL;
        struct archive *a = archive_write_new();
        char data[4096];
        ssize_t n = read(inner, data, sizeof(data));
        struct archive_entry *e = archive_entry_new();
        ArchiveTotals t;

        archive_write_set_format_raw(a);
        archive_write_add_filter_gzip(a);
        cr_assert_eq(archive_write_open_fd(a, fd), ARCHIVE_OK);
        archive_entry_set_filetype(e, AE_IFREG);
        archive_write_header(a, e);
        archive_write_data(a, data, (size_t) n);
        archive_entry_free(e);
        tar_end(a);
        lseek(fd, 0, SEEK_SET);
        cr_expect_eq(read_all(fd, &t, &message), -EBADMSG);
}

Test(archive, read_errors_are_passed_on)
{
        _cleanup_close_ int fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        _cleanup_free_ char *message = NULL;
        ArchiveTotals t;

        cr_expect_eq(read_all(fd, &t, &message), -EISDIR);
        cr_expect_str_eq(message, "cannot be read: Is a directory");
}
