/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <sys/types.h>

#include "inside/app-variables.h"

/* Hands the credentials that systemd loaded for an app over to the app's user alone, and shows them at LAUNCH_SECRETS
 * as well. path is the one at which systemd mounts them, whatever the app's environment says; anything that an image
 * has there instead, or a link or a file at LAUNCH_SECRETS, is refused. */
void app_credentials_own(const char *path, uid_t uid, gid_t gid);

/* Sets variables from them: secrets has "VARIABLE=NAME", ended by NULL. A newline at the end of a value is left out, as
 * shells do with $(cat FILE); other newlines stay. */
void app_credentials_to_variables(const char *path, char *const *secrets, AppVariables *variables);
