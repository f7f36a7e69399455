/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <signal.h>

#include "basic/macro.h"

/* "SIGTERM", "TERM", "15", "SIGRTMIN+3". -EINVAL: no signal. */
int signal_from_string(const char *s);
