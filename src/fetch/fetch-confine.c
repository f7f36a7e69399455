/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "fetch/fetch-confine.h"
#include "shared/sandbox.h"

/* No execve, no ptrace, no kill, no bind or listen, nothing that makes, changes or removes a file. */
static const char *const syscalls[] = {
        /* Sockets, as libcurl and the resolver use them. */
        "connect", "getpeername", "getsockname", "getsockopt", "poll", "ppoll", "pselect6", "recvfrom", "recvmmsg", "recvmsg",
        "select", "sendmmsg", "sendmsg", "sendto", "setsockopt", "shutdown", "socket", "socketpair",
        "epoll_create1", "epoll_ctl", "epoll_wait", "epoll_pwait", "eventfd2", "pipe2",
        /* Files, for reading: certificates and the resolver's configuration. */
        "access", "close", "dup", "faccessat", "faccessat2", "fcntl", "fstat", "fstatfs", "getdents64", "ioctl", "lseek", "lstat", "mmap",
        "newfstatat", "openat", "pread64", "read", "readlink", "readlinkat", "readv", "stat", "statx", "write", "writev",
        /* Threads and memory. */
        "brk", "clone", "clone3", "exit", "exit_group", "futex", "futex_time64", "get_robust_list", "madvise", "mprotect",
        "mremap", "munmap", "rseq", "sched_getaffinity", "sched_yield", "set_robust_list", "set_tid_address",
        /* What is asked in passing. */
        "clock_getres", "clock_gettime", "clock_nanosleep", "getegid", "geteuid", "getgid", "getpid", "getppid", "getrandom",
        "gettid", "gettimeofday", "getuid", "nanosleep", "prctl", "restart_syscall", "rt_sigaction", "rt_sigprocmask",
        "rt_sigreturn", "sigaltstack", "sysinfo", "time", "uname", NULL,
};

int fetch_confine(void)
{
        int r;

        if (setrlimit(RLIMIT_CORE, &(struct rlimit) {}) < 0 || prctl(PR_SET_DUMPABLE, 0) < 0)
                return -errno;
        r = sandbox_keep_capabilities(NULL);
        return r < 0 ? r : sandbox_filter_syscalls(syscalls);
}
