/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdint.h>

#include "basic/string-util.h"
#include "foreign/draft/foreign-limit.h"
#include "manifest/isolator.h"

static const char *number_of(const char *text)
{
        return streq(text, "-1") || strcasecmp(text, "unlimited") == 0 ? "infinity" : text;
}

int foreign_limit_parse(const char *text, char **ret)
{
        _cleanup_free_ char *name = NULL, *value = NULL, *soft = NULL, *hard = NULL, *limit = NULL;
        uint64_t numbers[2];
        int r = split_pair(text, '=', &name, &value);

        if (r >= 0 && value)
                r = split_pair(value, ':', &soft, &hard);
        if (r < 0 || !value)
                return r < 0 ? r : -EINVAL;
        string_to_upper(name);
        limit = strprintf("%s:%s", number_of(soft), number_of(hard ?: soft));
        if (!limit)
                return -ENOMEM;
        if (rlimit_from_string(name) < 0)
                return -EINVAL;
        r = rlimit_parse(limit, &numbers[0], &numbers[1]);
        if (r < 0)
                return r;
        *ret = strjoin(name, "=", limit);
        return *ret ? 0 : -ENOMEM;
}
