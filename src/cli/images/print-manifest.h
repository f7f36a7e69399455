/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Prints JSON to standard output, indented or compact. Logs. */
int print_manifest(const char *text, size_t n, bool pretty);
