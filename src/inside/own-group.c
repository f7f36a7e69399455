/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>
#include <string.h>

#include "inside/own-group.h"

/* The line of version 2, which has no controllers in its second column (cgroups(7), "/proc files"). */
#define LINE "0::/"

bool own_group_path(char ret[OWN_GROUP_MAX])
{
        FILE *f = fopen("/proc/self/cgroup", "re");
        char line[PATH_MAX];
        bool found = false;

        while (f && !found && fgets(line, sizeof(line), f)) {
                found = strncmp(line, LINE, strlen(LINE)) == 0;
                line[strcspn(line, "\n")] = 0;
        }
        if (f)
                (void) fclose(f);
        if (found)
                (void) snprintf(ret, OWN_GROUP_MAX, "/sys/fs/cgroup/%s", line + strlen(LINE));
        return found;
}
