/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cli/context.h"

/* Checks what pods need of this host, by trying it where that leaves nothing behind. */

/* Prints a row for each, as a table or, with a format, as JSON. 0: pods run here; 1: something is missing that every
 * pod needs. */
int host_check(Context *c, const char *format);
