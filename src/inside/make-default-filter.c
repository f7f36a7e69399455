/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Writes the system call filter of apps with the usual capabilities. This runs when podctl is built, since compiling
 * the filter takes longer than starting a pod may. */

#include <stdio.h>

#include "shared/seccomp-filter.h"

int main(int argc, char *argv[])
{
        char *const usual[] = { (char *) "SYS_CHROOT", NULL };
        _cleanup_seccomp_ scmp_filter_ctx ctx = NULL;
        _cleanup_free_ void *data = NULL;
        size_t n;
        FILE *f;

        if (argc != 2 || !seccomp_capabilities_are_usual(usual) || seccomp_filter_default(usual, &ctx) < 0 ||
            seccomp_filter_export(ctx, &data, &n) < 0)
                return EXIT_FAILURE;
        f = fopen(argv[1], "we");
        if (!f || fwrite(data, 1, n, f) != n)
                return EXIT_FAILURE;
        return fclose(f) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
