/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <linux/filter.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "basic/macro.h"

/* The system call filters of a process, as the kernel has them: `filters PID` prints one line for each instruction, the
 * newest filter first (ptrace(2), PTRACE_SECCOMP_GET_FILTER). For test-filters.sh. */

static int print_filter(pid_t pid, long index)
{
        struct sock_filter program[BPF_MAXINSNS];
        /* ptrace(2) has the index where others have a pointer. */
        long n = syscall(SYS_ptrace, PTRACE_SECCOMP_GET_FILTER, pid, index, program);

        if (n < 0)
                return -errno;
        for (long i = 0; i < n; i++)
                printf("%li %li: %04x %u %u %08x\n", index, i, program[i].code, program[i].jt, program[i].jf,
                       program[i].k);
        return 0;
}

int main(int argc, char *argv[])
{
        pid_t pid = argc == 2 ? (pid_t) strtol(argv[1], NULL, 10) : 0;
        int r = 0;

        if (pid <= 0 || ptrace(PTRACE_SEIZE, pid, NULL, NULL) < 0 || ptrace(PTRACE_INTERRUPT, pid, NULL, NULL) < 0 ||
            waitpid(pid, NULL, __WALL) < 0) {
                perror("filters");
                return EXIT_FAILURE;
        }
        for (long i = 0; r >= 0; i++)
                r = print_filter(pid, i);
        if (r != -ENOENT) {
                errno = -r;
                perror("filters");
                return EXIT_FAILURE;
        }
        return EXIT_SUCCESS;
}
