/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <ctype.h>

#include "basic/string-util.h"
#include "shared/capability-name.h"

int capability_from_name(const char *name, cap_value_t *ret)
{
        _cleanup_free_ char *lower = strdup(name);

        if (!lower)
                return -ENOMEM;
        for (char *p = lower; *p; p++)
                *p = (char) tolower((unsigned char) *p);
        /* cap_from_name(3) would stop at a comma. */
        return string_in_charset(lower, LOWERCASE DIGITS "_") && cap_from_name(lower, ret) >= 0 ? 0 : -EINVAL;
}
