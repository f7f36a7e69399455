/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdint.h>

/* Between podctl-metrics, which talks HTTP and has no privileges, and podctl serve-metrics, which is root and reads no
 * more than one byte: the question is the format's letter, the answer the text with a NUL behind it. Without the NUL
 * it is not whole. */

#define METRICS_SOCKET "/run/podctl/metrics.sock"
#define METRICS_TEXT_MAX (64U * 1024 * 1024)

typedef enum MetricsFormat {
        METRICS_PROMETHEUS,
        METRICS_OPENMETRICS,
        _METRICS_FORMAT_MAX,
} MetricsFormat;

/* The side that asks. Non-blocking. */
int metrics_channel_connect(const char *path);
/* until: of the monotonic clock, in microseconds; -ETIMEDOUT: the answer was not whole by then. -ECONNRESET: it ended
 * early. -EFBIG: it is longer than METRICS_TEXT_MAX. The text ends with the NUL. */
int metrics_channel_ask(int fd, MetricsFormat format, uint64_t until, char **ret);

/* The side that answers. -EBADMSG: that is not a format; -ECONNRESET: nothing was asked. */
int metrics_channel_receive(int fd, MetricsFormat *ret);
int metrics_channel_answer(int fd, const char *text);
