/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <systemd/sd-daemon.h>

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

static int print_metrics(Context *c, MetricsFormat format, FILE *f)
{
        _cleanup_(host_metrics_done) HostMetrics metrics = {};
        ImageStore *images;
        PodStore *store;
        sd_bus *bus;
        int r;

        r = context_pods(c, &store);
        if (r < 0)
                return r;
        r = context_bus(c, &bus);
        if (r < 0)
                return r;
        /* It says what is wrong; the pods have their figures all the same. */
        if (context_images(c, &images) < 0)
                images = NULL;
        r = host_metrics_read(store, images, bus, &metrics);
        if (r < 0)
                return log_error_errno(r, "Cannot read the metrics of pods: %m");
        metrics_print(&metrics, format, f);
        return 0;
}

static int run(Context *c, void *userdata, char **words)
{
        const MetricsArgs *args = userdata;

        return print_metrics(c, streq_ptr(args->format, "openmetrics") ? METRICS_OPENMETRICS : METRICS_PROMETHEUS,
                             stdout);
}

const Verb verb_metrics = {
        .name = "metrics",
        .summary = "Print figures of all pods for a monitoring system",
        .options = options,
        .args_size = sizeof(MetricsArgs),
        .flags = VERB_ROOT | VERB_AFTER_ENDINGS,
        .run = run,
};

static int collect(Context *c, MetricsFormat format, char **ret)
{
        _cleanup_free_ char *text = NULL;
        size_t n;
        FILE *f = open_memstream(&text, &n);
        int r;

        if (!f)
                return log_oom();
        r = print_metrics(c, format, f);
        if (fclose(f) < 0 && r >= 0)
                r = log_oom();
        if (r < 0)
                return r;
        *ret = TAKE_PTR(text);
        return 0;
}

/* podctl-metrics-collect@.service: one connection of podctl-metrics. */
static int serve(Context *c, void *userdata, char **words)
{
        _cleanup_free_ char *text = NULL;
        MetricsFormat format;
        int r;

        if (sd_listen_fds(true) != 1)
                return log_error_errno(EINVAL, "Command 'serve-metrics' is what podctl-metrics-collect.socket starts");
        r = metrics_channel_receive(SD_LISTEN_FDS_START, &format);
        if (r < 0)
                return log_error_errno(r, "Nothing was asked by podctl-metrics: %m");
        r = collect(c, format, &text);
        if (r < 0)
                return r;
        r = metrics_channel_answer(SD_LISTEN_FDS_START, text);
        return r < 0 ? log_error_errno(r, "Cannot pass on the metrics: %m") : 0;
}

const Verb verb_serve_metrics = {
        .name = "serve-metrics",
        .summary = "Collect figures of all pods for podctl-metrics",
        .flags = VERB_HIDDEN | VERB_ROOT,
        .max_words = 0,
        .run = serve,
};
