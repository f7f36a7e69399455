/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <sys/types.h>

#include "basic/string-util.h"

/* Enums with names. For `typedef enum Foo { FOO_A, …, _FOO_MAX, _FOO_INVALID = -EINVAL } Foo` and an array
 * foo_table[_FOO_MAX] the macro makes foo_to_string() (NULL when out of range) and foo_from_string()
 * (_FOO_INVALID, which is -EINVAL, for an unknown name). */

static inline const char *string_table_lookup(const char *const *table, size_t n, ssize_t i)
{
        return i >= 0 && (size_t) i < n ? table[i] : NULL;
}

static inline int string_table_find(const char *const *table, size_t n, const char *name)
{
        for (size_t i = 0; name && i < n; i++)
                if (table[i] && streq(table[i], name))
                        return (int) i;
        return -EINVAL;
}

#define DECLARE_STRING_TABLE(name, type)                                                                       \
        const char *name##_to_string(type i);                                                                  \
        type name##_from_string(const char *s)

#define DEFINE_STRING_TABLE(name, type)                                                                        \
        const char *name##_to_string(type i)                                                                   \
        {                                                                                                      \
                return string_table_lookup(name##_table, ELEMENTSOF(name##_table), i);                         \
        }                                                                                                      \
        type name##_from_string(const char *s)                                                                 \
        {                                                                                                      \
                return (type) string_table_find(name##_table, ELEMENTSOF(name##_table), s);                    \
        }
