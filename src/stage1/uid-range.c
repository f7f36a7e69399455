/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "basic/fs.h"
#include "basic/string-util.h"
#include "pod/pod-gc.h"
#include "pod/pod-plan.h"
#include "stage1/uid-range.h"

#define UID_BASE_MIN UINT32_C(0x00080000)
#define UID_BASE_MAX UINT32_C(0x6FFF0000)
#define CANDIDATES_MAX 1000

static uint32_t hash_text(const char *s, uint32_t round)
{
        uint32_t h = 2166136261U + round * 16777619U;

        for (; *s; s++)
                h = (h ^ (uint8_t) *s) * 16777619U;
        return h;
}

static int lock_range(uid_t base)
{
        char path[sizeof(UID_RANGE_LOCKS "/") + 10];
        _cleanup_close_ int fd = -EBADF;
        struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
        struct stat a, b;

        (void) snprintf(path, sizeof(path), UID_RANGE_LOCKS "/%u", base);
        fd = open(path, O_CREAT | O_RDWR | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY, 0600);
        if (fd < 0)
                return -errno;
        if (fcntl(fd, F_OFD_SETLK, &lock) < 0)
                return errno == EAGAIN || errno == EACCES ? -EBUSY : -errno;

        /* Its last holder may have removed the file between our open and our lock. */
        if (fstat(fd, &a) < 0 || stat(path, &b) < 0 || a.st_ino != b.st_ino)
                return -EBUSY;
        return TAKE_FD(fd);
}

int uid_range_acquire(const Uuid *uuid, UidRange *ret)
{
        int r;

        r = mkdir_p_at(AT_FDCWD, UID_RANGE_LOCKS, 0755);
        if (r < 0)
                return r;

        for (uint32_t i = 0; i < CANDIDATES_MAX; i++) {
                uint32_t n = (UID_BASE_MAX - UID_BASE_MIN) / POD_UID_COUNT + 1;
                uid_t base = UID_BASE_MIN + hash_text(uuid->s, i) % n * POD_UID_COUNT;
                int fd;

                fd = lock_range(base);
                if (fd == -EBUSY)
                        continue;
                if (fd < 0)
                        return fd;

                /* An administrator may have given the range to users of the host. */
                if (getpwuid(base) || getgrgid(base)) {
                        safe_close(fd);
                        continue;
                }
                *ret = (UidRange) { .base = base, .lock_fd = fd };
                return 0;
        }
        return -EBUSY;
}

int uid_range_acquire_at(uid_t base, UidRange *ret)
{
        int r = mkdir_p_at(AT_FDCWD, UID_RANGE_LOCKS, 0755), fd = r < 0 ? r : lock_range(base);

        if (fd >= 0)
                *ret = (UidRange) { .base = base, .lock_fd = fd };
        return MIN(fd, 0);
}

void uid_range_done(UidRange *r)
{
        r->lock_fd = safe_close(r->lock_fd);
}

static int map_and_open(pid_t pid, const char *map)
{
        _cleanup_free_ char *directory = strprintf("/proc/%i", pid);
        _cleanup_close_ int proc_fd = -EBADF;
        int r, fd;

        if (!directory)
                return -ENOMEM;
        proc_fd = open_directory_at(AT_FDCWD, directory);
        if (proc_fd < 0)
                return proc_fd;
        r = write_string_at(proc_fd, "uid_map", map, 0);
        if (r < 0)
                return r;
        r = write_string_at(proc_fd, "gid_map", map, 0);
        if (r < 0)
                return r;
        fd = openat(proc_fd, "ns/user", O_RDONLY | O_CLOEXEC);
        return fd < 0 ? -errno : fd;
}

/* The namespace lives on through the fd once its only process is gone. */
static int userns_open_map(uid_t inside, uid_t outside)
{
        _cleanup_free_ char *map = strprintf("%u %u %u\n", inside, outside, POD_UID_COUNT);
        pid_t pid;
        int r;

        if (!map)
                return -ENOMEM;

        pid = (pid_t) syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, NULL, NULL, NULL, NULL);
        if (pid < 0)
                return -errno;
        if (pid == 0) {
                (void) prctl(PR_SET_PDEATHSIG, SIGKILL);
                for (;;)
                        (void) pause();
        }

        r = map_and_open(pid, map);
        (void) kill(pid, SIGKILL);
        (void) waitpid(pid, NULL, 0);
        return r;
}

int userns_open(uid_t base)
{
        return userns_open_map(0, base);
}

int userns_open_reverse(uid_t base)
{
        return userns_open_map(base, 0);
}
