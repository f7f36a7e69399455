/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <inttypes.h>
#include <stdio.h>

#include "basic/size-format.h"

const char *format_size(uint64_t size, char buffer[static SIZE_STRING_MAX])
{
        static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB" };
        double value = (double) size;
        size_t i = 0;

        while (value >= 1024 && i + 1 < ELEMENTSOF(units)) {
                value /= 1024;
                i++;
        }
        (void) snprintf(buffer, SIZE_STRING_MAX, "%.*f%s", i > 0 && value < 100, value, units[i]);
        return buffer;
}
