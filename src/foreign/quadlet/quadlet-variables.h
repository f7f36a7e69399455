/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "foreign/quadlet/quadlet-file.h"

/* Variables of [Service], which systemd replaces in podman's command line, and so in the values that Quadlet makes it
 * from (systemd.service(5), "Command lines"): "${A}" anywhere, and "$A" as a word of its own. */

/* Replaces those that Environment= and EnvironmentFile= of [Service] give a value to. What has none stays as it is, and
 * so does what would not be one word any more. read: a file of the host. Returns 0, or -ENOMEM. */
int quadlet_variables_replace(QuadletFile *f, int (*read)(const char *path, char **ret, size_t *ret_size));
