/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/start/metrics-text.h"

#include <inttypes.h>

#include "basic/string-util.h"
#include "basic/time-util.h"
#include "config.h"

/* Lines */

typedef enum MetricType {
        METRIC_GAUGE,
        METRIC_COUNTER,
        METRIC_INFO,
} MetricType;

/* What the names of samples of a type end with; the format of Prometheus has no type for information. */
static const struct {
        const char *suffix, *openmetrics, *prometheus;
} types[] = {
        [METRIC_GAUGE] = { "", "gauge", "gauge" },
        [METRIC_COUNTER] = { "_total", "counter", "counter" },
        [METRIC_INFO] = { "_info", "info", "gauge" },
};

/* In both formats these three characters are escaped in values of labels. */
static void print_label(FILE *f, const char *separator, const char *name, const char *value)
{
        (void) fprintf(f, "%s%s=\"", separator, name);
        for (const char *c = value; *c; c++)
                if (*c == '\n')
                        (void) fputs("\\n", f);
                else
                        (void) fprintf(f, *c == '"' || *c == '\\' ? "\\%c" : "%c", *c);
        (void) fputc('"', f);
}

typedef struct Label {
        const char *name;
        const char *value; /* NULL: no such label */
} Label;

#define LABELS_MAX 3
#define MICRO 6U

typedef struct Family {
        const char *name; /* without the suffix of its type */
        MetricType type;
        const char *unit; /* what the name ends with */
        const char *help;
        /* Prints the samples of the family. */
        void (*print)(const struct Family *family, const HostMetrics *h, FILE *f);
        UsageFigure figure;
        unsigned digits;  /* of the figure, behind the point: it is in units of 10 to the power of minus this */
} Family;

/* Without floating point, which has a comma in some locales. */
static void print_number(FILE *f, uint64_t value, unsigned digits)
{
        if (digits == MICRO)
                (void) fprintf(f, " %" PRIu64 ".%06" PRIu64 "\n", value / 1000000, value % 1000000);
        else
                (void) fprintf(f, " %" PRIu64 "\n", value);
}

static void print_sample(FILE *f, const Family *family, const Label labels[static LABELS_MAX], uint64_t value)
{
        const char *separator = "{";

        (void) fprintf(f, "%s%s", family->name, types[family->type].suffix);
        for (size_t i = 0; i < LABELS_MAX; i++)
                if (labels[i].value) {
                        print_label(f, separator, labels[i].name, labels[i].value);
                        separator = ",";
                }
        if (*separator == ',')
                (void) fputc('}', f);
        print_number(f, value, family->digits);
}

static void print_of_pod(FILE *f, const Family *family, const PodMetrics *p, uint64_t value)
{
        const Label labels[LABELS_MAX] = { { "pod", p->name } };

        print_sample(f, family, labels, value);
}

static void print_of_app(FILE *f, const Family *family, const PodMetrics *p, const char *app, uint64_t value)
{
        const Label labels[LABELS_MAX] = { { "pod", p->name }, { "app", app } };

        print_sample(f, family, labels, value);
}

/* Families of the host */

static void print_version(const Family *family, const HostMetrics *h, FILE *f)
{
        const Label labels[LABELS_MAX] = { { "version", PODCTL_VERSION } };

        print_sample(f, family, labels, 1);
}

static void print_pods(const Family *family, const HostMetrics *h, FILE *f)
{
        for (PodState s = 0; s < _POD_STATE_MAX; s++) {
                const Label labels[LABELS_MAX] = { { "state", pod_state_to_string(s) } };

                print_sample(f, family, labels, h->n_states[s]);
        }
}

static void print_store(const Family *family, const HostMetrics *h, FILE *f, uint64_t value)
{
        if (h->has_store)
                print_sample(f, family, (const Label[LABELS_MAX]) {}, value);
}

static void print_images(const Family *family, const HostMetrics *h, FILE *f)
{
        print_store(family, h, f, h->n_images);
}

static void print_store_size(const Family *family, const HostMetrics *h, FILE *f)
{
        print_store(family, h, f, h->store_bytes);
}

static void print_image_import(const Family *family, const HostMetrics *h, FILE *f)
{
        for (size_t i = 0; i < h->n_names; i++) {
                const Label labels[LABELS_MAX] = { { "image", h->images[i].name } };

                print_sample(f, family, labels, h->images[i].imported_nsec / 1000);
        }
}

/* Families of pods */

static void print_info(const Family *family, const HostMetrics *h, FILE *f)
{
        for (size_t i = 0; i < h->n; i++) {
                const PodMetrics *p = &h->pods[i];
                const Label labels[LABELS_MAX] = { { "pod", p->name }, { "uuid", p->uuid.s }, { "unit", p->unit } };

                print_sample(f, family, labels, 1);
        }
}

static void print_state(const Family *family, const HostMetrics *h, FILE *f)
{
        for (size_t i = 0; i < h->n; i++)
                for (PodState s = 0; s < _POD_STATE_MAX; s++) {
                        const PodMetrics *p = &h->pods[i];
                        const Label labels[LABELS_MAX] = { { "pod", p->name }, { "state", pod_state_to_string(s) } };

                        print_sample(f, family, labels, p->state == s);
                }
}

static void print_start(const Family *family, const HostMetrics *h, FILE *f)
{
        for (size_t i = 0; i < h->n; i++)
                if (h->pods[i].started_nsec > 0)
                        print_of_pod(f, family, &h->pods[i], h->pods[i].started_nsec / 1000);
}

static void print_exit(const Family *family, const HostMetrics *h, FILE *f)
{
        for (size_t i = 0; i < h->n; i++)
                if (h->pods[i].exit_status >= 0)
                        print_of_pod(f, family, &h->pods[i], (uint64_t) h->pods[i].exit_status);
}

static void print_restarts(const Family *family, const HostMetrics *h, FILE *f)
{
        for (size_t i = 0; i < h->n; i++)
                if (h->pods[i].restarts >= 0)
                        print_of_pod(f, family, &h->pods[i], (uint64_t) h->pods[i].restarts);
}

static void print_usage(const Family *family, const HostMetrics *h, FILE *f)
{
        for (size_t i = 0; i < h->n; i++) {
                const PodUsage *u = h->pods[i].usage;

                if (u && u->usage.figures[family->figure] != USAGE_UNKNOWN)
                        print_of_pod(f, family, &h->pods[i], u->usage.figures[family->figure]);
        }
}

/* Families of apps */

static void print_app_running(const Family *family, const HostMetrics *h, FILE *f)
{
        for (size_t i = 0; i < h->n; i++)
                for (size_t k = 0; k < h->pods[i].n_apps; k++)
                        print_of_app(f, family, &h->pods[i], h->pods[i].apps[k].name, h->pods[i].apps[k].running);
}

static void print_app_exit(const Family *family, const HostMetrics *h, FILE *f)
{
        for (size_t i = 0; i < h->n; i++)
                for (size_t k = 0; k < h->pods[i].n_apps; k++) {
                        const AppMetrics *a = &h->pods[i].apps[k];

                        if (a->exit_status >= 0)
                                print_of_app(f, family, &h->pods[i], a->name, (uint64_t) a->exit_status);
                }
}

static void print_app_restarts(const Family *family, const HostMetrics *h, FILE *f)
{
        for (size_t i = 0; i < h->n; i++)
                for (size_t k = 0; k < h->pods[i].n_apps; k++) {
                        const AppMetrics *a = &h->pods[i].apps[k];

                        if (a->restarts >= 0)
                                print_of_app(f, family, &h->pods[i], a->name, (uint64_t) a->restarts);
                }
}

static void print_health_of(FILE *f, const Family *family, const PodMetrics *p, const AppMetrics *a)
{
        static const char *const all[] = { "starting", "healthy", "unhealthy" };

        for (size_t i = 0; a->health && i < ELEMENTSOF(all); i++) {
                const Label labels[LABELS_MAX] = { { "pod", p->name }, { "app", a->name }, { "health", all[i] } };

                print_sample(f, family, labels, streq(a->health, all[i]));
        }
}

static void print_app_health(const Family *family, const HostMetrics *h, FILE *f)
{
        for (size_t i = 0; i < h->n; i++)
                for (size_t k = 0; k < h->pods[i].n_apps; k++)
                        print_health_of(f, family, &h->pods[i], &h->pods[i].apps[k]);
}

static void print_app_ready(const Family *family, const HostMetrics *h, FILE *f)
{
        for (size_t i = 0; i < h->n; i++)
                for (size_t k = 0; k < h->pods[i].n_apps; k++) {
                        const AppMetrics *a = &h->pods[i].apps[k];

                        if (a->ready >= 0)
                                print_of_app(f, family, &h->pods[i], a->name, (uint64_t) a->ready);
                }
}

static void print_app_usage(const Family *family, const HostMetrics *h, FILE *f)
{
        for (size_t i = 0; i < h->n; i++) {
                const PodUsage *u = h->pods[i].usage;

                for (size_t k = 0; u && k < u->n_apps; k++) {
                        uint64_t value = u->apps[k].usage.figures[family->figure];

                        if (value != USAGE_UNKNOWN)
                                print_of_app(f, family, &h->pods[i], u->apps[k].app, value);
                }
        }
}

/* All families: podctl-metrics(1) lists them. */

#define COUNTER METRIC_COUNTER
#define GAUGE METRIC_GAUGE
#define INFO METRIC_INFO

static const Family families[] = {
        { "podctl_build", INFO, NULL, "The version of podctl.", print_version },
        { "podctl_pods", GAUGE, NULL, "Pods on this host, in each state.", print_pods },
        { "podctl_images", GAUGE, NULL, "Images in the store.", print_images },
        { "podctl_image_store_bytes", GAUGE, "bytes", "Archives and files of all layers of the store.",
          print_store_size },
        { "podctl_image_import_time_seconds", GAUGE, "seconds",
          "When the image of that name, which a pod uses, was imported, since the epoch.", print_image_import,
          .digits = MICRO },

        { "podctl_pod", INFO, NULL, "The UUID and the unit of the pod.", print_info },
        { "podctl_pod_state", GAUGE, NULL, "1 for the state that the pod is in, else 0.", print_state },
        { "podctl_pod_start_time_seconds", GAUGE, "seconds", "When the pod was started, since the epoch.", print_start,
          .digits = MICRO },
        { "podctl_pod_exit_status", GAUGE, NULL, "The exit status of a pod that has ended.", print_exit },
        { "podctl_pod_restarts", COUNTER, NULL, "Restarts of the pod's unit by Restart=.", print_restarts },
        { "podctl_pod_cpu_seconds", COUNTER, "seconds", "CPU time of all in the pod's unit.", print_usage, USAGE_CPU,
          MICRO },
        { "podctl_pod_memory_bytes", GAUGE, "bytes", "Memory in use, with the file cache.", print_usage, USAGE_MEMORY },
        { "podctl_pod_memory_limit_bytes", GAUGE, "bytes", "The most memory the pod may use.", print_usage,
          USAGE_MEMORY_LIMIT },
        { "podctl_pod_tasks", GAUGE, NULL, "Processes and threads.", print_usage, USAGE_TASKS },
        { "podctl_pod_io_read_bytes", COUNTER, "bytes", "Read from disks.", print_usage, USAGE_READ },
        { "podctl_pod_io_written_bytes", COUNTER, "bytes", "Written to disks.", print_usage, USAGE_WRITTEN },
        { "podctl_pod_network_received_bytes", COUNTER, "bytes", "Received by the pod's interfaces.", print_usage,
          USAGE_RECEIVED },
        { "podctl_pod_network_sent_bytes", COUNTER, "bytes", "Sent by the pod's interfaces.", print_usage, USAGE_SENT },

        { "podctl_app_running", GAUGE, NULL, "1 if the app runs, else 0.", print_app_running },
        { "podctl_app_health", GAUGE, NULL, "1 for the health that the app is in, else 0.", print_app_health },
        { "podctl_app_ready", GAUGE, NULL, "1 if the app's readiness check succeeds, else 0.", print_app_ready },
        { "podctl_app_exit_status", GAUGE, NULL, "The exit status of the app's last end.", print_app_exit },
        { "podctl_app_restarts", COUNTER, NULL, "Restarts of the app by its policy, in this pod.", print_app_restarts },
        { "podctl_app_cpu_seconds", COUNTER, "seconds", "CPU time of the app.", print_app_usage, USAGE_CPU, MICRO },
        { "podctl_app_memory_bytes", GAUGE, "bytes", "Memory in use, with the file cache.", print_app_usage,
          USAGE_MEMORY },
        { "podctl_app_memory_limit_bytes", GAUGE, "bytes", "The most memory the app may use.", print_app_usage,
          USAGE_MEMORY_LIMIT },
        { "podctl_app_tasks", GAUGE, NULL, "Processes and threads.", print_app_usage, USAGE_TASKS },
        { "podctl_app_io_read_bytes", COUNTER, "bytes", "Read from disks.", print_app_usage, USAGE_READ },
        { "podctl_app_io_written_bytes", COUNTER, "bytes", "Written to disks.", print_app_usage, USAGE_WRITTEN },
};

static void print_heading(const Family *family, MetricsFormat format, FILE *f)
{
        bool open = format == METRICS_OPENMETRICS;
        const char *suffix = open ? "" : types[family->type].suffix;

        (void) fprintf(f, "# HELP %s%s %s\n", family->name, suffix, family->help);
        (void) fprintf(f, "# TYPE %s%s %s\n", family->name, suffix,
                       open ? types[family->type].openmetrics : types[family->type].prometheus);
        if (open && family->unit)
                (void) fprintf(f, "# UNIT %s %s\n", family->name, family->unit);
}

void metrics_print(const HostMetrics *h, MetricsFormat format, FILE *f)
{
        for (size_t i = 0; i < ELEMENTSOF(families); i++) {
                print_heading(&families[i], format, f);
                families[i].print(&families[i], h, f);
        }
        if (format == METRICS_OPENMETRICS)
                (void) fputs("# EOF\n", f);
}
