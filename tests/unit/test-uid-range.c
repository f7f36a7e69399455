/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <criterion/criterion.h>
#include <signal.h>
#include <sys/wait.h>

#include "basic/fs.h"
#include "basic/string-util.h"
#include "pod/pod-gc.h"
#include "pod/pod-plan.h"
#include "stage1/uid-range.h"

#define UUID_A "aaaaaaaa-0000-4000-8000-000000000001"

static void setup(void)
{
        if (getuid() != 0)
                cr_skip_test("needs root");
}

TestSuite(uid_range, .init = setup, .timeout = 60);

/* The lock's file stays behind until the pod is torn down. */
static void done(UidRange *range)
{
        _cleanup_free_ char *path = strprintf(UID_RANGE_LOCKS "/%u", range->base);

        uid_range_done(range);
        cr_expect_eq(range->lock_fd, -EBADF);
        (void) unlink(path);
}

Test(uid_range, is_one)
{
        for (unsigned i = 0; i < 50; i++) {
                UidRange range = { .lock_fd = -EBADF };
                Uuid uuid;

                cr_assert_eq(uuid_new(&uuid), 0);
                cr_assert_eq(uid_range_acquire(&uuid, &range), 0);
                cr_expect_eq(range.base % 65536, 0, "%u", range.base);
                cr_expect_geq(range.base, 0x00080000U);
                cr_expect_leq(range.base + (POD_UID_COUNT - 1), 0x6FFFFFFFU);
                cr_expect_geq(range.lock_fd, 0);
                done(&range);
        }
}

/* The same pod gets the same one, unless it is held. */
Test(uid_range, follows_from_the_uuid)
{
        const Uuid uuid = { UUID_A };
        UidRange a = { .lock_fd = -EBADF }, b = a, c = a;

        cr_assert_eq(uid_range_acquire(&uuid, &a), 0);
        cr_assert_eq(uid_range_acquire(&uuid, &b), 0);
        cr_expect_neq(a.base, b.base);
        uid_range_done(&a);
        cr_assert_eq(uid_range_acquire(&uuid, &c), 0);
        cr_expect_eq(a.base, c.base);
        done(&b);
        done(&c);
}

/* Held by somebody else, in whatever process, for as long as that one lives. */
Test(uid_range, is_given_out_once)
{
        const Uuid uuid = { "aaaaaaaa-0000-4000-8000-000000000002" };
        UidRange mine = { .lock_fd = -EBADF };
        uid_t theirs = 0;
        int fds[2];
        pid_t pid;

        cr_assert_eq(pipe2(fds, O_CLOEXEC), 0);
        pid = fork();
        cr_assert_geq(pid, 0);
        if (pid == 0) {
                UidRange range = { .lock_fd = -EBADF };

                if (uid_range_acquire(&uuid, &range) < 0)
                        range.base = 1;
                (void) write(fds[1], &range.base, sizeof(range.base));
                for (;;)
                        (void) pause();
        }
        cr_assert_eq(read(fds[0], &theirs, sizeof(theirs)), sizeof(theirs));
        cr_assert_gt(theirs, 1);

        cr_assert_eq(uid_range_acquire(&uuid, &mine), 0);
        cr_expect_neq(mine.base, theirs);
        done(&mine);

        (void) kill(pid, SIGKILL);
        (void) waitpid(pid, NULL, 0);
        cr_assert_eq(uid_range_acquire(&uuid, &mine), 0);
        cr_expect_eq(mine.base, theirs, "it is free again");
        done(&mine);
}

/* As systemd-nspawn would hold it. */
Test(uid_range, respects_foreign_locks)
{
        const Uuid uuid = { "aaaaaaaa-0000-4000-8000-000000000003" };
        struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
        UidRange first = { .lock_fd = -EBADF }, second = first;
        _cleanup_free_ char *path = NULL;
        _cleanup_close_ int fd = -EBADF;

        cr_assert_eq(uid_range_acquire(&uuid, &first), 0);
        done(&first);
        path = strprintf(UID_RANGE_LOCKS "/%u", first.base);
        fd = open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0600);
        cr_assert_geq(fd, 0);
        cr_assert_eq(fcntl(fd, F_OFD_SETLK, &lock), 0);
        cr_assert_eq(uid_range_acquire(&uuid, &second), 0);
        cr_expect_neq(first.base, second.base);
        done(&second);
        cr_expect_eq(unlink(path), 0);
}

/* Many at a time, from several processes: never one twice. */
Test(uid_range, many)
{
        enum { PROCESSES = 4, RANGES = 40 };
        uid_t bases[PROCESSES * RANGES];
        pid_t pids[PROCESSES];
        size_t n = 0;
        int fds[2];

        cr_assert_eq(pipe2(fds, O_CLOEXEC), 0);
        for (size_t i = 0; i < PROCESSES; i++) {
                pids[i] = fork();
                cr_assert_geq(pids[i], 0);
                if (pids[i] != 0)
                        continue;
                for (size_t j = 0; j < RANGES; j++) {
                        UidRange range = { .lock_fd = -EBADF };
                        const Uuid uuid = { "aaaaaaaa-0000-4000-8000-000000000004" };

                        if (uid_range_acquire(&uuid, &range) < 0)
                                range.base = 1;
                        (void) write(fds[1], &range.base, sizeof(range.base));
                }
                for (;;)
                        (void) pause();
        }
        for (n = 0; n < ELEMENTSOF(bases); n++) {
                cr_assert_eq(read(fds[0], &bases[n], sizeof(uid_t)), sizeof(uid_t));
                cr_expect_gt(bases[n], 1);
                for (size_t k = 0; k < n; k++)
                        cr_expect_neq(bases[n], bases[k]);
        }
        for (size_t i = 0; i < PROCESSES; i++) {
                (void) kill(pids[i], SIGKILL);
                (void) waitpid(pids[i], NULL, 0);
        }
        for (size_t k = 0; k < n; k++) {
                _cleanup_free_ char *path = strprintf(UID_RANGE_LOCKS "/%u", bases[k]);

                (void) unlink(path);
        }
}

Test(uid_range, user_namespace)
{
        _cleanup_close_ int fd = userns_open(0x10000000), refused = -EBADF;
        struct stat st, own;

        if (fd == -EPERM || fd == -ENOSPC)
                cr_skip_test("no user namespaces here");
        cr_assert_geq(fd, 0);
        cr_assert_eq(fstat(fd, &st), 0);
        cr_assert_eq(stat("/proc/self/ns/user", &own), 0);
        cr_expect_neq(st.st_ino, own.st_ino);
        cr_expect_eq(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
        /* A range that ends beyond the last ID is none. */
        refused = userns_open(UINT32_MAX - 100);
        cr_expect_lt(refused, 0);
        cr_expect_eq(waitpid(-1, NULL, WNOHANG), -1, "a process is left");
}
