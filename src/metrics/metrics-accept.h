/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "metrics/metrics-channel.h"

/* The format for a client, by its header Accept (RFC 9110, section 12.5.1; NULL: there is none): OpenMetrics if it
 * names a version 1 of it and does not prefer text/plain; the format of Prometheus for all others, as a client that
 * accepts neither can do nothing with an error either. */
MetricsFormat metrics_accept(const char *header);
