/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Names for sets of system calls, and which calls go with which capability. Pure data. */

typedef struct SyscallSet {
        const char *name;  /* "@systemd/mount", or a capability without "CAP_" */
        const char *calls; /* names of calls and of other sets, separated by spaces */
} SyscallSet;

extern const SyscallSet syscall_sets[];
extern const SyscallSet syscall_sets_of_capabilities[];

/* The calls of a set, or NULL. */
const char *syscall_set_find(const char *name);
