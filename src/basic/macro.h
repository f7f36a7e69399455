/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Compiler attributes, sizes and the transfer of ownership. The rest of the tree builds on these. */

#define _cleanup_(f) __attribute__((cleanup(f)))
#define _printf_(a, b) __attribute__((format(printf, a, b)))
#define _sentinel_ __attribute__((sentinel))
#define _unused_ __attribute__((unused))
#define _noreturn_ __attribute__((noreturn))

#define ELEMENTSOF(x) (sizeof(x) / sizeof((x)[0]))

/* Each argument is evaluated once, so that it can be a call; the counter is for one within another. */
#define MIN(a, b) COMPARED(a, <, b, __COUNTER__)
#define MAX(a, b) COMPARED(a, >, b, __COUNTER__)
#define COMPARED(a, is, b, n) COMPARED_AS(a, is, b, JOINED(_a, n), JOINED(_b, n))
#define COMPARED_AS(a, is, b, x, y)                                                                            \
        ({                                                                                                     \
                const typeof(a) x = (a);                                                                       \
                const typeof(b) y = (b);                                                                       \
                x is y ? x : y;                                                                                \
        })
#define JOINED(a, b) JOINED_AS(a, b)
#define JOINED_AS(a, b) a##b

/* Transfers ownership: yields the value and leaves nothing behind for the cleanup to free. */
#define TAKE_GENERIC(var, nothing)                                                                             \
        ({                                                                                                     \
                typeof(var) *_p_ = &(var);                                                                     \
                typeof(var) _v_ = *_p_;                                                                        \
                *_p_ = (nothing);                                                                              \
                _v_;                                                                                           \
        })
#define TAKE_PTR(ptr) TAKE_GENERIC(ptr, NULL)
#define TAKE_FD(fd) TAKE_GENERIC(fd, -EBADF)
#define TAKE_PID(pid) TAKE_GENERIC(pid, 0)

/* Makes foo_freep(), for use with _cleanup_(), from a destructor that accepts NULL. */
#define DEFINE_TRIVIAL_CLEANUP_FUNC(type, func)                                                                \
        static inline _unused_ void func##p(type *p)                                                           \
        {                                                                                                      \
                if (*p)                                                                                        \
                        func(*p);                                                                              \
        }

/* Iterates over an array that ends with an element whose first member is NULL, as our tables do. */
#define FOREACH_ROW(row, table) for (typeof(&(table)[0]) row = (table); *(void *const *) row; row++)
