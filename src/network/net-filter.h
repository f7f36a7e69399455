/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "network/net-engine.h"

/* The table of net-rules.h over libnftables (NetEngine). */

/* Also true if the kernel cannot be asked. */
bool net_filter_table_exists(void);
int net_filter_run(const char *text, char **reterr_message);
