/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <sys/types.h>

#include "basic/macro.h"

/* Confinement of a process of ours that is about to handle what strangers wrote, in the order in which to apply it.
 * Each step is for the calling process and cannot be undone. */

/* A mount namespace in which this directory is "/" and there is nothing else; device nodes and setuid programs in it
 * have no effect. Needs CAP_SYS_ADMIN. File descriptors opened before lead elsewhere still: close them. */
int sandbox_set_root(int dir_fd);

/* Makes standard input, output and error /dev/null: a process that has a terminal can read what is typed there and,
 * with capabilities, type himself. */
int sandbox_drop_terminal(void);

/* Closes all file descriptors from 3 up but these. */
int sandbox_close_all_but(const int *keep, size_t n);

/* Becomes this user and group, with no other groups, and with no capability that a program could give it. */
int sandbox_set_user(uid_t uid, gid_t gid);

/* Keeps these capabilities ("cap_chown") and no others, in any set, for good; no program can give more. NULL: none. */
int sandbox_keep_capabilities(const char *const *names);

/* A system call that is let through only where an argument, or these bits of it, has this value. Several for one call
 * are alternatives. Numbers only: what a pointer leads to cannot be seen. */
typedef struct SandboxRule {
        const char *name;       /* NULL ends a list */
        unsigned argument;
        uint64_t mask, value;
} SandboxRule;

/* Lets through these system calls, on this machine's own architecture, and those the rules allow (NULL: there are
 * none); all others fail with EPERM. A name this libseccomp does not know is passed over. clone3, of whose arguments
 * nothing can be seen, fails with ENOSYS unless it is named, which has libc take clone instead. */
int sandbox_filter_syscalls(const char *const *names, const SandboxRule *rules);
