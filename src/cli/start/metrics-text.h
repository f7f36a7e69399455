/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdio.h>

#include "cli/start/pod-metrics.h"
#include "metrics/metrics-channel.h"

/* Metrics as text, in one of two formats: that of Prometheus, version 0.0.4
 * (https://prometheus.io/docs/instrumenting/exposition_formats/), and OpenMetrics 1.0
 * (https://prometheus.io/docs/specs/om/open_metrics_spec/). They differ in how families of counters and of information
 * are named, in the lines of units, and in the line at the end. A figure that is not known has no line. */

/* Whether it could be written is for the caller to ask of the stream. */
void metrics_print(const HostMetrics *h, MetricsFormat format, FILE *f);
