/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <criterion/criterion.h>

#include "basic/string-util.h"
#include "cli/start/metrics-text.h"

#define UUID_TEXT "11111111-1111-4111-8111-111111111111"

static AppMetrics apps[] = {
        { .name = (char *) "web", .running = true, .health = "unhealthy", .ready = 0, .exit_status = -1,
          .restarts = -1 },
        { .name = (char *) "job", .ready = -1, .exit_status = 3, .restarts = 7 },
};

static AppUsage app_usages[] = { { .app = (char *) "web" } };
static PodUsage usage = { .apps = app_usages, .n_apps = 1 };

static PodMetrics pods[] = {
        { .uuid = { .s = UUID_TEXT }, .name = (char *) "a\"b\\c\nd",
          .unit = (char *) "x\\x2dy.service", .state = POD_RUNNING, .started_nsec = UINT64_C(1700000000123456789),
          .exit_status = -1, .restarts = 2, .apps = apps, .n_apps = ELEMENTSOF(apps), .usage = &usage },
        { .uuid = { .s = "22222222-2222-4222-8222-222222222222" }, .name = (char *) "ended", .unit = (char *) "",
          .state = POD_EXITED, .exit_status = 254, .restarts = -1 },
};

static ImageMetrics images[] = {
        { .name = (char *) "docker.io/library/nginx:latest", .imported_nsec = UINT64_C(1700000000123456789) },
};

static char *printed(size_t n_pods, MetricsFormat format)
{
        HostMetrics h = { .pods = pods, .n = n_pods, .images = images, .n_names = n_pods > 0, .has_store = n_pods > 0,
                          .n_images = 3, .store_bytes = UINT64_C(5000000000) };
        char *text = NULL;
        size_t size;
        FILE *f = open_memstream(&text, &size);

        usage_init(&usage.usage);
        usage_init(&app_usages[0].usage);
        usage.usage.figures[USAGE_CPU] = 12000034;
        usage.usage.figures[USAGE_MEMORY] = UINT64_C(1) << 40;
        usage.usage.figures[USAGE_SENT] = 0;
        app_usages[0].usage.figures[USAGE_CPU] = 999999;
        h.n_states[POD_RUNNING] = n_pods;
        metrics_print(&h, format, f);
        (void) fclose(f);
        return text;
}

#define HOSTILE "pod=\"a\\\"b\\\\c\\nd\""

static void expect_line(const char *text, const char *line)
{
        _cleanup_free_ char *with_ends = strjoin("\n", line, "\n");

        cr_expect(strstr(text, with_ends), "no line '%s' in:\n%s", line, text);
}

Test(metrics_text, samples)
{
        static const char *const lines[] = {
                "podctl_pods{state=\"running\"} 2",
                "podctl_pods{state=\"exited\"} 0",
                "podctl_pod_info{" HOSTILE ",uuid=\"" UUID_TEXT "\",unit=\"x\\\\x2dy.service\"} 1",
                "podctl_pod_state{" HOSTILE ",state=\"running\"} 1",
                "podctl_pod_state{" HOSTILE ",state=\"exited\"} 0",
                "podctl_pod_state{pod=\"ended\",state=\"exited\"} 1",
                "podctl_pod_start_time_seconds{" HOSTILE "} 1700000000.123456",
                "podctl_pod_exit_status{pod=\"ended\"} 254",
                "podctl_pod_restarts_total{" HOSTILE "} 2",
                "podctl_pod_cpu_seconds_total{" HOSTILE "} 12.000034",
                "podctl_pod_memory_bytes{" HOSTILE "} 1099511627776",
                "podctl_pod_network_sent_bytes_total{" HOSTILE "} 0",
                "podctl_images 3",
                "podctl_image_store_bytes 5000000000",
                "podctl_image_import_time_seconds{image=\"docker.io/library/nginx:latest\"} 1700000000.123456",
                "podctl_app_restarts_total{" HOSTILE ",app=\"job\"} 7",
                "podctl_app_running{" HOSTILE ",app=\"web\"} 1",
                "podctl_app_running{" HOSTILE ",app=\"job\"} 0",
                "podctl_app_health{" HOSTILE ",app=\"web\",health=\"healthy\"} 0",
                "podctl_app_health{" HOSTILE ",app=\"web\",health=\"unhealthy\"} 1",
                "podctl_app_ready{" HOSTILE ",app=\"web\"} 0",
                "podctl_app_exit_status{" HOSTILE ",app=\"job\"} 3",
                "podctl_app_cpu_seconds_total{" HOSTILE ",app=\"web\"} 0.999999",
        };

        for (MetricsFormat format = METRICS_PROMETHEUS; format <= METRICS_OPENMETRICS; format++) {
                _cleanup_free_ char *text = printed(ELEMENTSOF(pods), format);

                for (size_t i = 0; i < ELEMENTSOF(lines); i++)
                        expect_line(text, lines[i]);
        }
}

/* What is not known is not 0. */
Test(metrics_text, unknown)
{
        static const char *const absent[] = {
                "\npodctl_pod_exit_status{pod=\"a", "\npodctl_pod_restarts_total{pod=\"ended",
                "\npodctl_pod_start_time_seconds{pod=\"ended", "\npodctl_pod_cpu_seconds_total{pod=\"ended",
                "\npodctl_pod_tasks{", "\npodctl_app_memory_limit_bytes{", ",app=\"job\",health=",
                "\npodctl_app_ready{" HOSTILE ",app=\"job\"",
                "podctl_app_restarts_total{" HOSTILE ",app=\"web\"",
                "18446744073709551615",
                "app=\"web\"} -1",
        };
        _cleanup_free_ char *text = printed(ELEMENTSOF(pods), METRICS_PROMETHEUS),
                            *without = printed(0, METRICS_PROMETHEUS);

        for (size_t i = 0; i < ELEMENTSOF(absent); i++)
                cr_expect(!strstr(text, absent[i]), "'%s' in:\n%s", absent[i], text);
        cr_expect(!strstr(without, "\npodctl_images ") && !strstr(without, "\npodctl_image_store_bytes "), "no store");
}

Test(metrics_text, headings)
{
        _cleanup_free_ char *prometheus = printed(0, METRICS_PROMETHEUS), *open = printed(0, METRICS_OPENMETRICS);

        expect_line(prometheus, "# TYPE podctl_pod_cpu_seconds_total counter");
        expect_line(prometheus, "# TYPE podctl_pod_info gauge");
        cr_expect(!strstr(prometheus, "# UNIT") && !strstr(prometheus, "# EOF"));
        expect_line(open, "# TYPE podctl_pod_cpu_seconds counter");
        expect_line(open, "# UNIT podctl_pod_cpu_seconds seconds");
        expect_line(open, "# TYPE podctl_pod info");
        expect_line(open, "# UNIT podctl_app_memory_bytes bytes");
        cr_expect_str_eq(endswith(open, "# EOF\n") ?: "", "# EOF\n");
}

static char *page(void)
{
        _cleanup_free_ char *path = strjoin(getenv("PODCTL_TEST_DATA"), "/../../man/podctl-metrics.1.rst");
        static char text[65536];
        FILE *f = fopen(path, "re");

        cr_assert(f);
        text[fread(text, 1, sizeof(text) - 1, f)] = 0;
        (void) fclose(f);
        return text;
}

/* The manual page has all metrics, and no other. */
Test(metrics_text, page)
{
        _cleanup_free_ char *text = printed(0, METRICS_PROMETHEUS);
        size_t n_printed = 0, n_written = 0;
        const char *in_page = page();

        for (const char *p = text; (p = strstr(p, "# HELP ")); n_printed++) {
                _cleanup_free_ char *name = NULL;

                p += strlen("# HELP ");
                name = strprintf("``%.*s``", (int) strcspn(p, " "), p);
                cr_expect(strstr(in_page, name), "%s is not in podctl-metrics(1)", name);
        }
        for (const char *p = in_page; (p = strstr(p, "``podctl_")); p++)
                n_written++;
        cr_expect_eq(n_written, n_printed, "podctl-metrics(1) has %zu metrics, not %zu", n_written, n_printed);
}
