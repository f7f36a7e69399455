/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/macro.h"

/* Metrics over HTTP, for everybody who reaches the sockets: GET /metrics. The text is of podctl serve-metrics, and is
 * kept for a moment: however many clients ask, root works for one of them at a time, and once a second at most for each
 * format. */

typedef struct MetricsServer MetricsServer;

/* collector: the path of the socket where root answers; it has to stay until the server is freed. */
int metrics_server_new(const char *collector, MetricsServer **ret);
MetricsServer *metrics_server_free(MetricsServer *s);
DEFINE_TRIVIAL_CLEANUP_FUNC(MetricsServer *, metrics_server_free);

/* Takes over a listening socket and serves it. */
int metrics_server_add(MetricsServer *s, int fd);
/* Serves until there has been no connection for this time; 0: forever. */
int metrics_server_run(MetricsServer *s, unsigned idle_seconds);
