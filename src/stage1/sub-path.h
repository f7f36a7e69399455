/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/fs.h"

/* Opens what is at the path below a volume, O_PATH, or makes it, as a directory that belongs to whom the volume belongs
 * and has its mode, like those above it that are made. Links in the volume, which apps may have made, do not lead out
 * of it, also not when they are changed meanwhile: to them it is the root. */
int sub_path_open(int volume_fd, const char *path);
