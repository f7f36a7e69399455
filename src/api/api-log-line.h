/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/macro.h"

/* What journalctl(1) says of an entry with --output=json, as a line of GetLogs. Pure. */

typedef struct ApiLogLine {
        char *text;   /* the time, as rkt wrote it, and the message, which may have several lines; valid UTF-8 */
        char *cursor; /* of the entry */
        uint64_t usec;
} ApiLogLine;

void api_log_line_done(ApiLogLine *l);
/* -EBADMSG: it is none, or has no message. */
int api_log_line_read(const char *json, size_t n, ApiLogLine *ret);
