/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/test-tar.h"

void tar_add(struct archive *a, const Member *m)
{
        struct archive_entry *e = archive_entry_new();
        bool regular = m->type == AE_IFREG;
        size_t n = regular ? strlen(strempty(m->text)) : 0;

        archive_entry_copy_pathname(e, m->name);
        archive_entry_set_filetype(e, m->type ?: AE_IFREG);
        archive_entry_set_perm(e, m->mode);
        archive_entry_set_uid(e, m->uid);
        archive_entry_set_gid(e, m->gid);
        archive_entry_set_mtime(e, m->mtime, m->mtime_nsec);
        archive_entry_set_size(e, (int64_t) n);
        if (m->type == 0)
                archive_entry_copy_hardlink(e, m->text);
        if (m->type == AE_IFLNK)
                archive_entry_copy_symlink(e, m->text);
        archive_entry_set_rdevmajor(e, m->major);
        archive_entry_set_rdevminor(e, m->minor);
        if (m->xattr)
                archive_entry_xattr_add_entry(e, m->xattr, m->value, strlen(m->value));

        cr_assert_geq(archive_write_header(a, e), ARCHIVE_WARN, "%s: %s", m->name, archive_error_string(a));
        if (n > 0)
                cr_assert_eq(archive_write_data(a, m->text, n), (ssize_t) n);
        archive_entry_free(e);
}

struct archive *tar_begin(int fd, int filter)
{
        struct archive *a = archive_write_new();

        cr_assert_eq(archive_write_set_format_pax(a), ARCHIVE_OK);
        cr_assert_geq(archive_write_add_filter(a, filter), ARCHIVE_WARN);
        cr_assert_eq(archive_write_set_bytes_in_last_block(a, 1), ARCHIVE_OK);
        cr_assert_eq(archive_write_open_fd(a, fd), ARCHIVE_OK);
        return a;
}

void tar_end(struct archive *a)
{
        cr_assert_eq(archive_write_close(a), ARCHIVE_OK);
        archive_write_free(a);
}

int tar_of(const Member *members, int filter)
{
        int fd = memfd_create("tar", MFD_CLOEXEC);
        struct archive *a;

        cr_assert_geq(fd, 0);
        a = tar_begin(fd, filter);
        for (; members->name; members++)
                tar_add(a, members);
        tar_end(a);
        cr_assert_eq(lseek(fd, 0, SEEK_SET), 0);
        return fd;
}
