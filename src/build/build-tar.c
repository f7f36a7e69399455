/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <limits.h>
#include <locale.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#include "basic/fd.h"
#include "basic/path.h"
#include "basic/string-util.h"
#include "basic/strv.h"
#include "build/build-tar.h"
#include "build/build-tree.h"
#include "shared/archive.h"
#include "shared/explain.h"

#define BLOCK_SIZE (256U * 1024)
/* Two empty blocks end a tar. */
#define END_SIZE 1024U

struct BuildTar {
        struct archive *archive;
        locale_t locale;        /* "C", in which libarchive leaves names as they are */
        int fd;                 /* negative: what comes now is dropped */
        int64_t time;
};

static la_ssize_t write_block(struct archive *a, void *userdata, const void *data, size_t n)
{
        const BuildTar *t = userdata;
        int r = t->fd >= 0 ? loop_write(t->fd, data, n) : 0;

        if (r < 0)
                archive_set_error(a, -r, "Write error");
        return r < 0 ? -1 : (la_ssize_t) n;
}

static int tar_new(int fd, int64_t time, bool exact, bool gzip, BuildTar **ret, char **reterr_message)
{
        _cleanup_(build_tar_freep) BuildTar *t = new0(BuildTar, 1);
        int k, r;

        if (!t)
                return -ENOMEM;
        t->time = time;
        t->fd = fd;
        r = libarchive_load(reterr_message);
        if (r < 0)
                return r;
        t->locale = newlocale(LC_CTYPE_MASK, "C", (locale_t) 0);
        t->archive = archive_write_new();
        if (!t->locale || !t->archive)
                return -ENOMEM;
        (void) archive_write_set_bytes_per_block(t->archive, BLOCK_SIZE);
        (void) archive_write_set_bytes_in_last_block(t->archive, 1);
        k = exact ? archive_write_set_format_pax(t->archive) : archive_write_set_format_pax_restricted(t->archive);
        if (k != ARCHIVE_OK || (gzip && archive_write_add_gzip(t->archive) != ARCHIVE_OK) ||
            archive_write_open(t->archive, t, NULL, write_block, NULL) != ARCHIVE_OK)
                return archive_write_failed(t->archive, reterr_message);
        *ret = TAKE_PTR(t);
        return 0;
}

int build_tar_new(int fd, int64_t time, BuildTar **ret, char **reterr_message)
{
        return tar_new(fd, time, false, false, ret, reterr_message);
}

int build_tar_new_exact(int fd, int64_t time, bool gzip, BuildTar **ret, char **reterr_message)
{
        return tar_new(fd, time, true, gzip, ret, reterr_message);
}

BuildTar *build_tar_free(BuildTar *t)
{
        if (!t)
                return NULL;
        /* Libarchive completes the last entry, whatever its size, which nobody wants any more. */
        t->fd = -EBADF;
        if (t->archive)
                (void) archive_write_free(t->archive);
        if (t->locale)
                freelocale(t->locale);
        return mfree(t);
}

static struct archive_entry *describe(const BuildTar *t, const BuildEntry *e)
{
        struct archive_entry *entry = archive_entry_new2(t->archive);

        if (!entry)
                return NULL;
        archive_entry_copy_pathname(entry, e->path);
        archive_entry_set_mode(entry, e->mode);
        archive_entry_set_uid(entry, e->uid);
        archive_entry_set_gid(entry, e->gid);
        archive_entry_set_size(entry, S_ISREG(e->mode) ? (int64_t) e->size : 0);
        archive_entry_set_mtime(entry, t->time, 0);
        if (e->target)
                archive_entry_copy_symlink(entry, e->target);
        if (S_ISCHR(e->mode) || S_ISBLK(e->mode)) {
                archive_entry_set_rdevmajor(entry, major(e->device));
                archive_entry_set_rdevminor(entry, minor(e->device));
        }
        return entry;
}

static bool is_ascii(const char *s)
{
        while ((signed char) *s > 0)
                s++;
        return !*s;
}

/* Libarchive warns of names that it writes as they are, and of what it could not write. */
static bool write_header(BuildTar *t, struct archive_entry *entry)
{
        const char *target = archive_entry_symlink(entry) ?: archive_entry_hardlink(entry);
        bool ascii = is_ascii(archive_entry_pathname(entry)) && is_ascii(strempty(target));
        locale_t before = uselocale(t->locale);
        int k = archive_write_header(t->archive, entry);

        (void) uselocale(before);
        return k >= (ascii ? ARCHIVE_OK : ARCHIVE_WARN);
}

/* Frees the entry. */
static int add_entry(BuildTar *t, struct archive_entry *entry, char **reterr_message)
{
        bool written;

        if (!entry)
                return -ENOMEM;
        written = write_header(t, entry);
        archive_entry_free(entry);
        return written ? 0 : archive_write_failed(t->archive, reterr_message);
}

static int write_contents(BuildTar *t, int fd, uint64_t left, char **reterr_message)
{
        _cleanup_free_ char *block = new_array(char, BLOCK_SIZE);
        ssize_t n;

        if (!block)
                return -ENOMEM;
        while (left > 0) {
                n = loop_read(fd, block, MIN(left, BLOCK_SIZE));
                if (n < 0)
                        return (int) n;
                if (n == 0)
                        return explain(reterr_message, EAGAIN, "became shorter while it was read");
                if (archive_write_data(t->archive, block, (size_t) n) != n)
                        return archive_write_failed(t->archive, reterr_message);
                left -= (uint64_t) n;
        }
        return 0;
}

int build_tar_add(BuildTar *t, const BuildEntry *e, int contents, char **reterr_message)
{
        return build_tar_add_exact(t, e, contents, -EBADF, reterr_message);
}

/* Extended attributes */

static bool attribute_is_of_image(const char *name)
{
        return startswith(name, "user.") || streq(name, "security.capability");
}

static int read_attribute(int fd, const char *name, struct archive_entry *entry)
{
        _cleanup_free_ char *value = new_array(char, XATTR_SIZE_MAX);
        ssize_t n = value ? fgetxattr(fd, name, value, XATTR_SIZE_MAX) : 0;

        if (!value)
                return -ENOMEM;
        if (n < 0)
                return errno == ENODATA ? 0 : -errno;
        archive_entry_xattr_add_entry(entry, name, value, (size_t) n);
        return 0;
}

/* In an order that does not depend on the file system. */
static int read_attributes(int fd, struct archive_entry *entry)
{
        _cleanup_free_ char *list = new_array(char, XATTR_LIST_MAX);
        _cleanup_strv_free_ char **names = NULL;
        ssize_t n = list ? flistxattr(fd, list, XATTR_LIST_MAX) : 0;
        int r = 0;

        if (!list)
                return -ENOMEM;
        if (n < 0)
                return errno == ENOTSUP ? 0 : -errno;
        for (const char *name = list; r >= 0 && name < list + n; name += strlen(name) + 1)
                if (attribute_is_of_image(name))
                        r = strv_extend(&names, name);
        strv_sort(names);
        STRV_FOREACH(name, names)
                r = r < 0 ? r : read_attribute(fd, *name, entry);
        return r;
}

int build_tar_add_exact(BuildTar *t, const BuildEntry *e, int contents, int attributes, char **reterr_message)
{
        struct archive_entry *entry = describe(t, e);
        int r = entry && attributes >= 0 ? read_attributes(attributes, entry) : 0;

        if (r < 0) {
                archive_entry_free(entry);
                return r;
        }
        r = add_entry(t, entry, reterr_message);
        return r >= 0 && contents >= 0 ? write_contents(t, contents, e->size, reterr_message) : r;
}

int build_tar_add_text(BuildTar *t, const char *path, const char *text, char **reterr_message)
{
        size_t n = strlen(text);
        int r = build_tar_add(t, &(BuildEntry) { .path = path, .mode = S_IFREG | 0644, .size = n }, -EBADF,
                              reterr_message);

        if (r < 0)
                return r;
        return archive_write_data(t->archive, text, n) == (la_ssize_t) n
                       ? 0
                       : archive_write_failed(t->archive, reterr_message);
}

int build_tar_link(BuildTar *t, const char *path, const char *to, char **reterr_message)
{
        struct archive_entry *entry = describe(t, &(BuildEntry) { .path = path, .mode = S_IFREG | 0644 });

        if (entry)
                archive_entry_copy_hardlink(entry, to);
        return add_entry(t, entry, reterr_message);
}

int build_tar_hide(BuildTar *t, const char *path, char **reterr_message)
{
        const char *name = path_basename(path);
        _cleanup_free_ char *hidden = strprintf("%.*s" BUILD_WHITEOUT_PREFIX "%s", (int) (name - path), path, name);

        return hidden ? build_tar_add(t, &(BuildEntry) { .path = hidden, .mode = S_IFREG | 0600 }, -EBADF,
                                      reterr_message)
                      : -ENOMEM;
}

int build_tar_hide_within(BuildTar *t, const char *path, char **reterr_message)
{
        _cleanup_free_ char *opaque = path_join(path, BUILD_OPAQUE);

        return opaque ? build_tar_add(t, &(BuildEntry) { .path = opaque, .mode = S_IFREG | 0600 }, -EBADF,
                                      reterr_message)
                      : -ENOMEM;
}

/* Entries of other tars */

static void copy_attributes(struct archive_entry *from, struct archive_entry *to)
{
        const char *name;
        const void *value;
        size_t n;

        (void) archive_entry_xattr_reset(from);
        while (archive_entry_xattr_next(from, &name, &value, &n) == ARCHIVE_OK)
                if (attribute_is_of_image(name))
                        archive_entry_xattr_add_entry(to, name, value, n);
}

static struct archive_entry *describe_copy(const BuildTar *t, const char *path, struct archive_entry *from)
{
        struct archive_entry *entry = describe(t, &(BuildEntry) {
                .path = path, .mode = archive_entry_mode(from), .size = (uint64_t) archive_entry_size(from),
                .target = archive_entry_symlink(from),
        });

        if (!entry)
                return NULL;
        archive_entry_set_uid(entry, archive_entry_uid(from));
        archive_entry_set_gid(entry, archive_entry_gid(from));
        archive_entry_set_mtime(entry, archive_entry_mtime(from), archive_entry_mtime_nsec(from));
        if (archive_entry_filetype(from) == AE_IFCHR || archive_entry_filetype(from) == AE_IFBLK) {
                archive_entry_set_rdevmajor(entry, archive_entry_rdevmajor(from));
                archive_entry_set_rdevminor(entry, archive_entry_rdevminor(from));
        }
        copy_attributes(from, entry);
        return entry;
}

/* Holes become zeros; what is missing at the end libarchive adds itself. */
static int write_zeros(BuildTar *t, uint64_t n, char **reterr_message)
{
        static const char zeros[64 * 1024];

        for (size_t part; n > 0; n -= part) {
                part = MIN(n, sizeof(zeros));
                if (archive_write_data(t->archive, zeros, part) != (la_ssize_t) part)
                        return archive_write_failed(t->archive, reterr_message);
        }
        return 0;
}

static int copy_contents(BuildTar *t, ArchiveReader *reader, char **reterr_message)
{
        const void *data;
        uint64_t offset, at = 0;
        size_t n;
        int r;

        while ((r = archive_reader_data(reader, &data, &n, &offset, reterr_message)) > 0) {
                if (offset > at)
                        r = write_zeros(t, offset - at, reterr_message);
                if (r < 0)
                        return r;
                if (archive_write_data(t->archive, data, n) != (la_ssize_t) n)
                        return archive_write_failed(t->archive, reterr_message);
                at = offset + n;
        }
        return r;
}

int build_tar_copy(BuildTar *t, const char *path, struct archive_entry *from, ArchiveReader *contents,
                   char **reterr_message)
{
        bool has_contents = contents && archive_entry_filetype(from) == AE_IFREG;
        int r = add_entry(t, describe_copy(t, path, from), reterr_message);

        return r >= 0 && has_contents ? copy_contents(t, contents, reterr_message) : r;
}

int build_tar_copy_link(BuildTar *t, const char *path, struct archive_entry *from, const char *to,
                        char **reterr_message)
{
        struct archive_entry *entry = describe_copy(t, path, from);

        if (entry) {
                archive_entry_set_size(entry, 0);
                archive_entry_copy_hardlink(entry, to);
        }
        return add_entry(t, entry, reterr_message);
}

int build_tar_finish(BuildTar *t, char **reterr_message)
{
        return archive_write_close(t->archive) != ARCHIVE_OK ? archive_write_failed(t->archive, reterr_message) : 0;
}

/* Reading */

void build_segments_done(BuildSegments *s)
{
        for (size_t i = 0; i < s->n; i++) {
                free(s->items[i].name);
                free(s->items[i].target);
                free(s->items[i].link);
        }
        free(s->items);
        *s = (BuildSegments) {};
}

static int add_segment(BuildSegments *s, struct archive_entry *entry, uint64_t offset, size_t tar)
{
        const char *name = archive_entry_pathname(entry), *target = archive_entry_symlink(entry),
                   *link = archive_entry_hardlink(entry);
        BuildSegment *segment;

        if (!name)
                return -EBADMSG;
        if (ARRAY_GROW(s->items, s->n_allocated, s->n, 1) < 0)
                return -ENOMEM;
        segment = &s->items[s->n];
        *segment = (BuildSegment) {
                .name = strdup(name), .type = archive_entry_filetype(entry), .tar = tar, .offset = offset,
        };
        s->n++;
        if (!segment->name)
                return -ENOMEM;
        /* Our writer ends the names of directories with a slash. */
        for (size_t n = strlen(name); n > 1 && segment->name[n - 1] == '/'; n--)
                segment->name[n - 1] = 0;
        segment->target = target ? strdup(target) : NULL;
        segment->link = link ? strdup(link) : NULL;
        return (target && !segment->target) || (link && !segment->link) ? -ENOMEM : 0;
}

static int scan(struct archive *a, size_t tar, BuildSegments *s)
{
        size_t first = s->n;
        int k;

        for (;;) {
                struct archive_entry *entry;
                uint64_t offset;
                int r;

                k = archive_read_next_header(a, &entry);
                offset = (uint64_t) archive_read_header_position(a);
                if (s->n > first)
                        s->items[s->n - 1].size = offset - s->items[s->n - 1].offset;
                if (k == ARCHIVE_EOF)
                        return 0;
                if (k < ARCHIVE_WARN)
                        return -EBADMSG;
                r = add_segment(s, entry, offset, tar);
                if (r < 0)
                        return r;
        }
}

int build_tar_scan(int fd, size_t tar, BuildSegments *s, char **reterr_message)
{
        int r = libarchive_load(reterr_message);
        locale_t plain, before;
        struct archive *a;

        if (r < 0)
                return r;
        plain = newlocale(LC_CTYPE_MASK, "C", (locale_t) 0);
        a = archive_read_new();
        r = -ENOMEM;
        if (plain && a && lseek(fd, 0, SEEK_SET) == 0) {
                before = uselocale(plain);
                r = archive_read_support_format_tar(a) != ARCHIVE_OK ||
                    archive_read_open_fd(a, fd, BLOCK_SIZE) != ARCHIVE_OK ? -EBADMSG : scan(a, tar, s);
                (void) uselocale(before);
        }
        if (r == -EBADMSG)
                (void) explain(reterr_message, r, "is damaged: %s", strempty(archive_error_string(a)));
        (void) archive_read_free(a);
        if (plain)
                freelocale(plain);
        return r;
}

int build_segment_copy(const BuildSegment *segment, int from, int to)
{
        _cleanup_free_ char *block = new_array(char, BLOCK_SIZE);
        uint64_t offset = segment->offset, left = segment->size;

        if (!block)
                return -ENOMEM;
        while (left > 0) {
                ssize_t n = pread(from, block, MIN(left, BLOCK_SIZE), (off_t) offset);
                int r;

                if (n < 0 && errno == EINTR)
                        continue;
                if (n <= 0)
                        return n < 0 ? -errno : -EBADMSG;
                r = loop_write(to, block, (size_t) n);
                if (r < 0)
                        return r;
                offset += (uint64_t) n;
                left -= (uint64_t) n;
        }
        return 0;
}

int build_tar_end(int fd)
{
        static const char end[END_SIZE];

        return loop_write(fd, end, sizeof(end));
}
