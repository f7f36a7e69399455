/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cli/context.h"

/* What this host has of what pods need, tried out where it can be without leaving anything behind. */

/* Prints a row for each, as a table or, with a format, as JSON. 0: pods run here; 1: something is lacking that each of
 * them needs. */
int host_check(Context *c, const char *format);
