/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/macro.h"

/* Byte counts for people to read, in powers of 1024: "512B", "1.5MiB", "204MiB". */
#define SIZE_STRING_MAX 24
const char *format_size(uint64_t size, char buffer[static SIZE_STRING_MAX]);
