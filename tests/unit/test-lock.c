/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/lock.h"
#include "lib/test-temporary.h"

/* Whether somebody else who opens the file could lock that byte. */
static bool is_free(int dir_fd, off_t byte)
{
        struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = byte, .l_len = 1 };
        _cleanup_close_ int fd = openat(dir_fd, "locks", O_RDWR | O_CLOEXEC);

        cr_assert_geq(fd, 0);
        cr_assert_eq(fcntl(fd, F_OFD_GETLK, &lock), 0);
        return lock.l_type == F_UNLCK;
}

Test(lock, bytes_are_locks_of_their_own)
{
        Temporary t = temporary_new();
        int seven = lock_byte_at(t.fd, "locks", 7);
        int last = lock_byte_at(t.fd, "locks", UINT64_MAX);

        cr_assert_geq(seven, 0);
        cr_assert_geq(last, 0, "%s", strerror(-last));
        cr_expect(!is_free(t.fd, 7));
        cr_expect(is_free(t.fd, 6) && is_free(t.fd, 8));
        safe_close(seven);
        cr_expect(is_free(t.fd, 7));
        safe_close(last);
        temporary_done(&t);
}
