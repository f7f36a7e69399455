/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <sys/types.h>

/* Hands the credentials that systemd loaded for an app over to the app's user, and to nobody else. The path is the one
 * that systemd mounts them at, whatever the app's environment says; what an image has there instead is refused. */
void app_credentials_own(const char *path, uid_t uid, gid_t gid);
