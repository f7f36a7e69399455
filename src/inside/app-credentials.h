/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <sys/types.h>

/* Hands the credentials that systemd loaded for an app over to the app's user alone. path is the one at which systemd
 * mounts them, whatever the app's environment says; anything that an image has there instead is refused. */
void app_credentials_own(const char *path, uid_t uid, gid_t gid);
