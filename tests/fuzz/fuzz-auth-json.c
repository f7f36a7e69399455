/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>
#include <sys/mman.h>

#include "basic/fd.h"
#include "fuzz.h"
#include "image/transport/credentials.h"

static int no_helper(const char *name, const char *server, Credential *ret, char **reterr_message)
{
        return 0;
}

/* A file of podman's or docker's. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        static const char *const roots[] = { NULL };
        _cleanup_close_ int fd = memfd_create("auth.json", MFD_CLOEXEC);
        _cleanup_(credentials_freep) Credentials *c = NULL;
        _cleanup_free_ char *message = NULL;
        const Credential *credential;
        char path[PROC_FD_PATH_MAX];

        FUZZ_ASSERT(fd >= 0 && loop_write(fd, data, size) >= 0);
        (void) unsetenv("HOME");
        FUZZ_ASSERT(setenv("REGISTRY_AUTH_FILE", proc_fd_path(fd, path), 1) >= 0);
        if (credentials_read(roots, &c, &message) < 0)
                return 0;
        credentials_set_helper(c, no_helper);
        FUZZ_ASSERT(credentials_for_registry(c, "docker.io", "library/busybox", &credential, NULL) >= 0);
        return 0;
}
