/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <criterion/criterion.h>
#include <fcntl.h>

#include "basic/fs.h"
#include "cri/cri-answer.h"
#include "cri/cri-metric.h"
#include "lib/test-kept.h"
#include "lib/test-temporary.h"

/* All files of a group with every controller, and of a network. */
static const struct {
        const char *name, *text;
} files[] = {
        { "cpu.stat", "usage_usec 3500000\nuser_usec 2000000\nsystem_usec 1500000\nnr_periods 7\nnr_throttled 3\n"
                      "throttled_usec 2999999\n" },
        { "cpu.pressure", "some avg10=0.00 avg60=0.00 avg300=0.00 total=5000000\n"
                          "full avg10=0.00 avg60=0.00 avg300=0.00 total=1000000\n" },
        { "memory.current", "1000\n" },
        { "memory.peak", "2000\n" },
        { "memory.stat", "anon 300\nfile 600\nkernel 50\ninactive_file 400\nactive_file 200\nfile_mapped 10\n"
                         "pgfault 77\npgmajfault 8\n" },
        { "memory.events", "low 0\nhigh 0\nmax 4\noom 2\noom_kill 1\noom_group_kill 0\n" },
        { "pids.current", "5\n" },
        { "pids.max", "max\n" },
        { "io.stat", "999:7 rbytes=10 wbytes=20 rios=1 wios=2 dbytes=0 dios=0\n999:8 \n" },
        { "hugetlb.2MB.current", "2097152\n" },
        { "hugetlb.2MB.rsvd.current", "1\n" },
        { "dev", "Inter-|   Receive  |  Transmit\n face |bytes packets|bytes\n"
                 "    lo: 9 9 0 0 0 0 0 0 9 9 0 0 0 0 0 0\n"
                 "  eth0:11 12 13 14 0 0 0 0 21 22 23 24 0 0 0 0\n" },
};

static Cri__Metric *find(const CriMetricSubject *s, const char *name, size_t from)
{
        for (size_t i = from; i < s->n_metrics; i++)
                if (streq(s->metrics[i]->name, name))
                        return s->metrics[i];
        return NULL;
}

static CriMetricSubject read_it(CriMetricKind kind, int dir, const Pod *pod)
{
        CriMetricSubject s = { .kind = kind, .pod = pod, .dir = dir,
                               .labels = { "/group", "id", "", "space", "pod", "" } };

        cri_metrics_read(&s);
        (void) test_keep(s.metrics);
        cri_metric_subject_done(&s);
        return s;
}

/* A pod that was never started. */
static Pod pod_of(const Temporary *t)
{
        return (Pod) { .fd = t->fd };
}

Test(cri_metric, values)
{
        static const struct {
                const char *name;
                uint64_t value;
                Cri__MetricType type;
                const char *last_label; /* NULL: it has none of its own */
        } cases[] = {
                { "container_cpu_usage_seconds_total", 3, CRI__METRIC_TYPE__COUNTER, "total" },
                { "container_cpu_user_seconds_total", 2, CRI__METRIC_TYPE__COUNTER, NULL },
                { "container_cpu_cfs_throttled_periods_total", 3, CRI__METRIC_TYPE__COUNTER, NULL },
                { "container_cpu_cfs_throttled_seconds_total", 2, CRI__METRIC_TYPE__COUNTER, NULL },
                { "container_pressure_cpu_waiting_seconds_total", 5, CRI__METRIC_TYPE__COUNTER, NULL },
                { "container_pressure_cpu_stalled_seconds_total", 1, CRI__METRIC_TYPE__COUNTER, NULL },
                { "container_memory_usage_bytes", 1000, CRI__METRIC_TYPE__GAUGE, NULL },
                { "container_memory_working_set_bytes", 600, CRI__METRIC_TYPE__GAUGE, NULL },
                { "container_memory_max_usage_bytes", 2000, CRI__METRIC_TYPE__GAUGE, NULL },
                { "container_memory_cache", 600, CRI__METRIC_TYPE__GAUGE, NULL },
                { "container_memory_mapped_file", 10, CRI__METRIC_TYPE__GAUGE, NULL },
                { "container_memory_failures_total", 77, CRI__METRIC_TYPE__COUNTER, "container" },
                { "container_memory_failcnt", 4, CRI__METRIC_TYPE__COUNTER, NULL },
                { "container_oom_events_total", 1, CRI__METRIC_TYPE__COUNTER, NULL },
                { "container_hugetlb_usage_bytes", 2097152, CRI__METRIC_TYPE__GAUGE, "2MB" },
                { "container_fs_writes_bytes_total", 20, CRI__METRIC_TYPE__COUNTER, "999:7" },
                { "container_blkio_device_usage_total", 10, CRI__METRIC_TYPE__COUNTER, "read" },
                { "container_threads", 5, CRI__METRIC_TYPE__GAUGE, NULL },
                { "container_threads_max", 0, CRI__METRIC_TYPE__GAUGE, NULL },
        };
        _cleanup_(temporary_done) Temporary t = temporary_new();
        const Pod pod = pod_of(&t);
        CriMetricSubject s;

        for (size_t i = 0; i < ELEMENTSOF(files); i++)
                cr_assert_geq(write_string_at(t.fd, files[i].name, files[i].text, 0644), 0);
        s = read_it(CRI_METRICS_POD, fcntl(t.fd, F_DUPFD_CLOEXEC, 3), &pod);
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                const Cri__Metric *m = find(&s, cases[i].name, 0);

                cr_assert(m, "%s", cases[i].name);
                cr_expect_eq(m->value->value, cases[i].value, "%s", cases[i].name);
                cr_expect_eq(m->metric_type, cases[i].type, "%s", cases[i].name);
                cr_expect_eq(m->timestamp, 0); /* when they are asked for */
                cr_expect_str_eq(m->label_values[3], "space");
                if (cases[i].last_label)
                        cr_expect_str_eq(m->label_values[m->n_label_values - 1], cases[i].last_label);
                else
                        cr_expect_eq(m->n_label_values, 6, "%s", cases[i].name);
        }
        /* A file that is not there, a device that was not used yet, and what only containers have. */
        cr_expect_null(find(&s, "container_memory_swap", 0));
        cr_expect_null(find(&s, "container_pressure_io_waiting_seconds_total", 0));
        cr_expect_eq(find(&s, "container_fs_writes_total", 0)->value->value, 2);
        cr_expect_null(find(&s, "container_processes", 0));
}

/* Without a controller there is nothing, which is not the same as 0. */
Test(cri_metric, no_controllers)
{
        _cleanup_(temporary_done) Temporary t = temporary_new();
        const Pod pod = pod_of(&t);
        CriMetricSubject s;

        cr_assert_geq(write_string_at(t.fd, "cpu.stat", "usage_usec 1\nuser_usec 0\nsystem_usec nonsense\n", 0644), 0);
        cr_assert_geq(write_string_at(t.fd, "memory.current", "", 0644), 0);
        cr_assert_geq(write_string_at(t.fd, "io.stat", "nonsense\n8:0 rbytes=-1\n8 rbytes=1\n", 0644), 0);
        s = read_it(CRI_METRICS_POD, fcntl(t.fd, F_DUPFD_CLOEXEC, 3), &pod);
        cr_expect_eq(s.n_metrics, 3); /* two of CPU time, and when it was seen */
        cr_expect(find(&s, "container_cpu_usage_seconds_total", 0));
        cr_expect(find(&s, "container_last_seen", 0));
        cr_expect_null(find(&s, "container_cpu_system_seconds_total", 0));
}

Test(cri_metric, network)
{
        _cleanup_(temporary_done) Temporary t = temporary_new();
        const Pod pod = pod_of(&t);
        CriMetricSubject s;
        const Cri__Metric *m;

        cr_assert_geq(mkdir_p_at(t.fd, "net", 0755), 0);
        cr_assert_geq(write_string_at(t.fd, "net/dev", files[ELEMENTSOF(files) - 1].text, 0644), 0);
        s = read_it(CRI_METRICS_NETWORK, fcntl(t.fd, F_DUPFD_CLOEXEC, 3), &pod);
        cr_expect_eq(s.n_metrics, 8);
        m = find(&s, "container_network_transmit_packets_dropped_total", 0);
        cr_assert(m);
        cr_expect_eq(m->value->value, 24);
        cr_expect_str_eq(m->label_values[6], "eth0");
}

/* Root of the pod names its interfaces, and makes as many as it likes. */
Test(cri_metric, hostile_network)
{
        _cleanup_(temporary_done) Temporary t = temporary_new();
        _cleanup_free_ char *text = strdup("Inter-|   Receive\n face |bytes\n");
        const Pod pod = pod_of(&t);

        for (size_t i = 0; i < 1000; i++) {
                char *longer = strprintf("%s x%s%zu: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n", text,
                                         i % 2 ? "\xff" : "", i);

                free(text);
                text = longer;
        }
        cr_assert_geq(mkdir_p_at(t.fd, "net", 0755), 0);
        cr_assert_geq(write_string_at(t.fd, "net/dev", text, 0644), 0);
        {
                const CriMetricSubject s = read_it(CRI_METRICS_NETWORK, fcntl(t.fd, F_DUPFD_CLOEXEC, 3), &pod);

                cr_expect_eq(s.n_metrics, 8 * 32);
                for (size_t i = 0; i < s.n_metrics; i++)
                        cr_expect_null(strchr(s.metrics[i]->label_values[6], '\xff'));
        }
}

/* A client that gets a metric with more or fewer values than its descriptor has keys throws it away. */
Test(cri_metric, descriptors)
{
        _cleanup_(temporary_done) Temporary t = temporary_new();
        const Pod pod = pod_of(&t);
        Cri__MetricDescriptor **descriptors = NULL;
        CriMetricSubject s;
        size_t n = 0;

        for (size_t i = 0; i < ELEMENTSOF(files); i++)
                cr_assert_geq(write_string_at(t.fd, files[i].name, files[i].text, 0644), 0);
        cri_metrics_describe(&descriptors, &n);
        (void) test_keep(descriptors);
        for (size_t i = 0; i < n; i++) {
                cr_expect(startswith(descriptors[i]->name, "container_"));
                cr_expect_not(isempty(descriptors[i]->help));
                for (size_t k = 0; k < i; k++)
                        cr_expect_str_neq(descriptors[i]->name, descriptors[k]->name);
        }
        s = read_it(CRI_METRICS_POD, fcntl(t.fd, F_DUPFD_CLOEXEC, 3), &pod);
        for (size_t i = 0; i < s.n_metrics; i++) {
                bool known = false;

                for (size_t k = 0; k < n && !known; k++)
                        known = streq(s.metrics[i]->name, descriptors[k]->name) &&
                                s.metrics[i]->n_label_values == descriptors[k]->n_label_keys;
                cr_expect(known, "%s", s.metrics[i]->name);
        }
}
