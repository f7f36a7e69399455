/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

/* openat2(2), which glibc does not have, for paths in which an image could have links. */
static inline int open_below(int directory_fd, const char *path, uint64_t flags, uint64_t resolve)
{
        struct open_how how = { .flags = flags | O_CLOEXEC, .resolve = resolve };

        long fd;

        /* EAGAIN: ".." could not be resolved while something in the system was being renamed or mounted. */
        do
                fd = syscall(SYS_openat2, directory_fd, path, &how, sizeof(how));
        while (fd < 0 && (errno == EAGAIN || errno == EINTR));
        return (int) fd;
}
