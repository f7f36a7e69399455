/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* What an app has as one of its standard input, output and error. */

/* Words of the launcher's --stdio=, separated by commas: for standard input, output and error. */
#define STDIO_NULL "null"
#define STDIO_LOG "log"
#define STDIO_STREAM "stream"
#define STDIO_TTY "tty"

typedef enum StdioKind {
        STDIO_IS_NULL,
        STDIO_IS_LOG,    /* the journals, by the relay: app-relay.h */
        STDIO_IS_STREAM, /* a pipe whose other end app-attach.c has */
        STDIO_IS_TTY,    /* a terminal, likewise */
        _STDIO_KIND_MAX,
} StdioKind;

/* The n first characters. False: there is no such word. */
bool stdio_kind_read(const char *word, size_t n, StdioKind *ret);

static inline bool stdio_kind_is_attached(StdioKind kind)
{
        return kind == STDIO_IS_STREAM || kind == STDIO_IS_TTY;
}
