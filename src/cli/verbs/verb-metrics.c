/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/log.h"
#include "cli/start/metrics-text.h"
#include "cli/verbs/verbs.h"

typedef struct MetricsArgs {
        char *format;
} MetricsArgs;

static const Option options[] = {
        { "format", &option_choice, offsetof(MetricsArgs, format), "FORMAT", "prometheus or openmetrics",
          .choices = "prometheus|openmetrics" },
        {},
};

static int run(Context *c, void *userdata, char **words)
{
        const MetricsArgs *args = userdata;
        _cleanup_(host_metrics_done) HostMetrics metrics = {};
        PodStore *store;
        sd_bus *bus;
        int r;

        r = context_pods(c, &store);
        if (r < 0)
                return r;
        r = context_bus(c, &bus);
        if (r < 0)
                return r;
        r = host_metrics_read(store, bus, &metrics);
        if (r < 0)
                return log_error_errno(r, "Cannot read the metrics of pods: %m");
        metrics_print(&metrics, streq_ptr(args->format, "openmetrics") ? METRICS_OPENMETRICS : METRICS_PROMETHEUS,
                      stdout);
        return 0;
}

const Verb verb_metrics = {
        .name = "metrics",
        .summary = "Print figures of all pods for a monitoring system",
        .options = options,
        .args_size = sizeof(MetricsArgs),
        .flags = VERB_ROOT,
        .run = run,
};
