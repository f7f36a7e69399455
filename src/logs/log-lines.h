/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <time.h>

#include "inside/app-log-file.h"

/* The lines of log files as Kubernetes reads them (its design proposal "CRI: Log management for container stdout/stderr
 * streams"): the time, the stream, "F", or "P" for a part that is not the last one of its line, and the text. */

/* Of a packet with n bytes of text. What is longer than LOG_FILE_PART is split. */
int log_lines_format(const struct timespec *when, const LogFilePacket *packet, size_t n, char **ret, size_t *ret_size);
