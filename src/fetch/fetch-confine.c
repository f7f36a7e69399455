/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <linux/prctl.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "fetch/fetch-confine.h"
#include "shared/sandbox.h"

/* No execve, no ptrace, no kill, no bind or listen, nothing that creates, changes or removes a file. */
static const char *const syscalls[] = {
        /* Sockets, as libcurl and the resolver use them. */
        "connect", "getpeername", "getsockname", "getsockopt", "poll", "ppoll", "pselect6", "recvfrom", "recvmmsg",
        "recvmsg",
        "select", "sendmmsg", "sendmsg", "sendto", "setsockopt", "shutdown",
        "epoll_create1", "epoll_ctl", "epoll_wait", "epoll_pwait", "eventfd2", "pipe2",
        /* Files, for reading: certificates and the resolver's configuration. */
        "access", "close", "dup", "faccessat", "faccessat2", "fcntl", "fstat", "fstatfs", "getdents64", "lseek",
        "lstat", "mmap",
        "newfstatat", "openat", "pread64", "read", "readlink", "readlinkat", "readv", "stat", "statx", "write",
        "writev",
        /* Threads and memory. */
        "brk", "exit", "exit_group", "futex", "futex_time64", "get_robust_list", "madvise", "mprotect",
        "mremap", "munmap", "rseq", "sched_getaffinity", "sched_yield", "set_robust_list", "set_tid_address",
        /* Calls that libraries make in passing. */
        "clock_getres", "clock_gettime", "clock_nanosleep", "getegid", "geteuid", "getgid", "getpid", "getppid",
        "getrandom",
        "gettid", "gettimeofday", "getuid", "nanosleep", "restart_syscall", "rt_sigaction", "rt_sigprocmask",
        "rt_sigreturn", "sigaltstack", "sysinfo", "time", "uname", NULL,
};

#define ALL UINT32_MAX

static const SandboxRule rules[] = {
        /* The network, and the resolver's services: Unix sockets that it connects to, and netlink, by which the kernel
         * reports addresses. */
        { "socket", 0, ALL, AF_INET }, { "socket", 0, ALL, AF_INET6 }, { "socket", 0, ALL, AF_UNIX },
        { "socket", 0, ALL, AF_NETLINK },
        { "socketpair", 0, ALL, AF_UNIX },
        /* Threads, but no processes, and no namespaces in which the process would have capabilities. */
        { "clone", 0, CLONE_THREAD, CLONE_THREAD },
        { "ioctl", 1, ALL, FIONBIO }, { "ioctl", 1, ALL, FIONREAD }, { "ioctl", 1, ALL, TCGETS },
        /* Names for threads and memory. */
        { "prctl", 0, ALL, PR_SET_NAME }, { "prctl", 0, ALL, PR_SET_VMA },
        {}
};

int fetch_confine(void)
{
        int r;

        if (setrlimit(RLIMIT_CORE, &(struct rlimit) {}) < 0 || prctl(PR_SET_DUMPABLE, 0) < 0)
                return -errno;
        /* Until here standard error received messages of the dynamic linker. */
        r = sandbox_drop_terminal();
        if (r < 0)
                return r;
        r = sandbox_keep_capabilities(NULL);
        return r < 0 ? r : sandbox_filter_syscalls(syscalls, rules);
}
