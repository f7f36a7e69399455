/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <sys/types.h>

#include "basic/macro.h"

/* Confinement of one of our processes that is about to handle untrusted data, in the order in which to apply it. Each
 * step affects the calling process and cannot be undone. */

/* Enters a mount namespace in which this directory is "/" and there is nothing else; device nodes and setuid programs
 * in it have no effect. Needs CAP_SYS_ADMIN. File descriptors opened before still lead outside: close them. */
int sandbox_set_root(int dir_fd);

/* Makes standard input, output and error /dev/null: a process that has a terminal can read the user's input and, with
 * capabilities, fake input. */
int sandbox_drop_terminal(void);

/* Closes all file descriptors from 3 up except these. */
int sandbox_close_all_but(const int *keep, size_t n);

/* Becomes this user and group, with no other groups, and without capabilities that executing a program could add. */
int sandbox_set_user(uid_t uid, gid_t gid);

/* Keeps these capabilities ("cap_chown") and no others, in any set, for good; executing a program cannot add more.
 * NULL: keeps none. */
int sandbox_keep_capabilities(const char *const *names);

/* A system call that is allowed only where an argument, or these bits of it, has this value. Several rules for one call
 * are alternatives. Numbers only: the filter cannot see the memory that a pointer points to. */
typedef struct SandboxRule {
        const char *name;       /* NULL ends a list */
        unsigned argument;
        uint64_t mask, value;
} SandboxRule;

/* Allows these system calls, on this machine's own architecture, and those that the rules allow (NULL: there are none);
 * all others fail with EPERM. A name that this libseccomp does not know is ignored. clone3, whose arguments a filter
 * cannot see, fails with ENOSYS unless it is named, so that libc uses clone instead. */
int sandbox_filter_syscalls(const char *const *names, const SandboxRule *rules);
