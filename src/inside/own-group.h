/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <limits.h>
#include <stdbool.h>

/* Below /sys/fs/cgroup. */
#define OWN_GROUP_MAX (PATH_MAX + 32)

/* The directory of the control group that this process is in. False: there is none, as
 * where the hierarchy of systemd is not that of version 2. */
bool own_group_path(char ret[OWN_GROUP_MAX]);
