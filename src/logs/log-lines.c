/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>

#include "basic/string-util.h"
#include "logs/log-lines.h"

/* "2026-11-26T21:00:00.123456789Z stdout ": all lines of a packet have the same. */
#define HEAD_MAX 64

static void format_head(const struct timespec *when, uint8_t stream, char head[static HEAD_MAX])
{
        struct tm tm;
        size_t n;

        (void) gmtime_r(&when->tv_sec, &tm);
        n = strftime(head, HEAD_MAX, "%Y-%m-%dT%H:%M:%S", &tm);
        (void) snprintf(head + n, HEAD_MAX - n, ".%09ldZ %s ", when->tv_nsec, stream == 0 ? "stdout" : "stderr");
}

int log_lines_format(const struct timespec *when, const LogFilePacket *packet, size_t n, char **ret, size_t *ret_size)
{
        const char *p = packet->text, *end = p + n;
        _cleanup_free_ char *text = NULL;
        char head[HEAD_MAX];
        size_t size;
        FILE *f = open_memstream(&text, &size);

        if (!f)
                return -ENOMEM;
        format_head(when, packet->stream, head);
        while (p < end) {
                const size_t left = (size_t) (end - p);
                const char *newline = memchr(p, '\n', MIN(left, (size_t) LOG_FILE_PART + 1));
                const size_t length = newline ? (size_t) (newline - p) : MIN(left, (size_t) LOG_FILE_PART);

                (void) fprintf(f, "%s%c ", head, newline ? 'F' : 'P');
                (void) fwrite(p, length, 1, f);
                (void) fputc('\n', f);
                p += length + (newline != NULL);
        }
        if (fclose(f) != 0)
                return -ENOMEM;
        *ret = TAKE_PTR(text);
        *ret_size = size;
        return 0;
}
