/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/macro.h"

/* Limits of directories by project quota, which ext4 and XFS have (quotactl(2)): all that is made in the directory
 * belongs to its project, and the file system counts what a project has. In a pod with a user namespace nobody can
 * change what project a file is of. */

/* IDs that are podctl's, unless somebody uses one already. */
#define VOLUME_PROJECT_FIRST 1885601792U        /* "pd" and two bytes */
#define VOLUME_PROJECT_COUNT 65536U

/* Gives the empty directory a project of its own, with that limit in bytes. lock_fd is locked meanwhile, so that nobody
 * else takes the project. -EOPNOTSUPP: the file system has no such quota, or does not enforce it. */
int volume_quota_set(int dir_fd, int lock_fd, uint64_t limit, uint32_t *ret_project, char **reterr_message);

/* How many bytes the project has on the file system. */
int volume_quota_get_used(int dir_fd, uint32_t project, uint64_t *ret);

/* Takes the limit away, after which another volume may have the project. */
int volume_quota_release(int dir_fd, uint32_t project);

/* Whether the text of /etc/projid, projid(5), names the project. */
bool volume_quota_is_named(const char *projid, uint32_t project);

/* Makes the calling process, which is root, obey quotas; it cannot go back. */
int volume_quota_obey(void);
