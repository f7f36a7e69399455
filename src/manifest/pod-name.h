/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/macro.h"

/* Machine names: DNS labels of letters, digits and hyphens, dots between, 64 characters at most
 * (systemd's hostname_is_valid(); machined refuses others). Host names of pods follow the same rule. */
#define POD_NAME_MAX 64
bool pod_name_is_valid(const char *name);
