/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <sys/capability.h>

/* "cap_net_raw", in capitals or not. -EINVAL: there is none of that name. -ENOMEM. */
int capability_from_name(const char *name, cap_value_t *ret);
