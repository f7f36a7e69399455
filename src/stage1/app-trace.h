/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/macro.h"

/* What is in an app's root only because a pod was started: places to mount something, and what makes up for an image
 * that lacks it. Asked about paths that the image does not have; root_fd is the app's root. */

/* Neither the image nor the app made it: an export leaves it out. */
bool app_trace_is(int root_fd, const char *path);
/* The directories that every app has, because we or systemd make them; each may be there only for that, as long as
 * nothing is in it. Ends with NULL. */
extern const char *const app_trace_places[];
