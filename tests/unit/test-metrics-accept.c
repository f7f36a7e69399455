/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <criterion/criterion.h>

#include "metrics/metrics-accept.h"

#define OPEN "application/openmetrics-text"

static void expect(MetricsFormat format, const char *const *headers)
{
        for (; *headers; headers++)
                cr_expect_eq(metrics_accept(*headers), format, "%s", *headers);
}

/* The first two are of Prometheus 2.53 and 3.0. */
Test(metrics_accept, openmetrics)
{
        expect(METRICS_OPENMETRICS, (const char *const[]) {
                OPEN ";version=1.0.0;q=0.5," OPEN ";version=0.0.1;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2",
                OPEN ";version=1.0.0;escaping=allow-utf-8;q=0.6," OPEN ";version=0.0.1;q=0.5,"
                        "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2",
                OPEN, "APPLICATION/OpenMetrics-Text", OPEN ", text/plain", "*/*, \t" OPEN " ; Q=0.001",
                "text/plain;q=0.899, " OPEN ";q=0.9", OPEN "; version=1.1.0", OPEN ";q=1.000",
                NULL,
        });
        cr_expect_eq(metrics_accept(NULL), METRICS_PROMETHEUS);
}

Test(metrics_accept, prometheus)
{
        expect(METRICS_PROMETHEUS, (const char *const[]) {
                "", "*/*", "text/plain", "text/html,*/*;q=0.1", OPEN ";version=0.0.1", OPEN ";version=2.0.0",
                OPEN ";q=0", OPEN ";q=0.000", OPEN ";q=0.4, text/plain;q=0.5", OPEN "x", "x" OPEN,
                /* What cannot be read does not count. */
                OPEN ";q=", OPEN ";q=2", OPEN ";q=1.5", OPEN ";q=0.1234", OPEN ";q=.5", OPEN ";q=-1", OPEN ";q=0,5",
                OPEN ";q=1x", ",;,;=,", ";" OPEN, "text/plain; " OPEN,
                NULL,
        });
}
