/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <ftw.h>
#include <systemd/sd-login.h>
#include <unistd.h>

#include "basic/alloc.h"
#include "basic/string-util.h"
#include "stage1/payload-group.h"

static int remove_directory(const char *path, const struct stat *st, int type, struct FTW *at)
{
        if (type == FTW_DP)
                (void) rmdir(path);
        return 0;
}

void payload_group_clear(void)
{
        _cleanup_free_ char *group = NULL, *path = NULL;

        if (sd_pid_get_cgroup(0, &group) < 0)
                return;
        path = strjoin("/sys/fs/cgroup", group, "/payload");
        if (path)
                (void) nftw(path, remove_directory, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}
