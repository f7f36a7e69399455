/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>

#include "inside/app-title.h"

void app_title_set(int argc, char *argv[], const char *title)
{
        /* The kernel puts the strings of argv one after the other (execve(2)). */
        size_t size = argc > 0 ? (size_t) (argv[argc - 1] + strlen(argv[argc - 1]) + 1 - argv[0]) : 0;

        if (size == 0)
                return;
        memset(argv[0], 0, size);
        (void) snprintf(argv[0], size, "%s", title);
        for (char *space = argv[0]; (space = strchr(space, ' '));)
                *space = '\0';
        (void) prctl(PR_SET_NAME, argv[0]);
}
