/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <seccomp.h>

#include "shared/json-table.h"

/* System call filters of apps, with libseccomp: from the default of containers, from sets of names (rkt,
 * Documentation/seccomp-guide.md), or from a profile (the "seccomp" object of the OCI runtime specification,
 * config-linux.md, with the additions of Docker's files: includes, excludes and archMap). The result is a BPF program
 * for the process that loads it. Capabilities are written without "CAP_". */

static inline void seccomp_releasep(scmp_filter_ctx *ctx)
{
        if (*ctx)
                seccomp_release(*ctx);
}
#define _cleanup_seccomp_ _cleanup_(seccomp_releasep)

/* Creates a filter for all architectures the machine runs, without rules. */
int seccomp_filter_new(uint32_t action, scmp_filter_ctx *ret);

/* Allows the calls that containers may use, and further ones with these capabilities. Other calls that exist fail with
 * EPERM, unknown calls with ENOSYS. */
int seccomp_filter_default(char *const *capabilities, scmp_filter_ctx *ret);
/* Whether the default for these capabilities is the one for containers' usual capabilities. */
bool seccomp_capabilities_are_usual(char *const *capabilities);

/* Filters the calls outside of retain, or those in remove: error is the name of an errno, and NULL or "" kills the
 * process with SIGSYS. *ret is NULL when there is nothing to filter ("@appc.io/all" retained). -EINVAL with a message:
 * no such call, set or errno. */
int seccomp_filter_retain(char *const *set, const char *error, char *const *capabilities, scmp_filter_ctx *ret,
                          char **reterr_message);
int seccomp_filter_remove(char *const *set, const char *error, char *const *capabilities, scmp_filter_ctx *ret,
                          char **reterr_message);

/* -EINVAL: the message names the member. */
int seccomp_filter_profile(json_object *profile, char *const *capabilities, scmp_filter_ctx *ret, JsonError *e);

/* The program, as an array of struct sock_filter. */
int seccomp_filter_export(scmp_filter_ctx ctx, void **ret, size_t *ret_size);
