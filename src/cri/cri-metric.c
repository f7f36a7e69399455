/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <sys/statvfs.h>
#include <unistd.h>

#include "basic/fs.h"
#include "basic/parse.h"
#include "basic/path.h"
#include "basic/time-util.h"
#include "basic/tree-size.h"
#include "basic/utf8.h"
#include "cli/start/app-processes.h"
#include "cri/cri-answer.h"
#include "cri/cri-metric.h"

#define GROUP CRI_METRICS_POD | CRI_METRICS_CONTAINER
#define NETWORK CRI_METRICS_NETWORK
#define CONTAINER CRI_METRICS_CONTAINER

#define COUNTER CRI__METRIC_TYPE__COUNTER
#define GAUGE CRI__METRIC_TYPE__GAUGE

#define LABELS_MAX 4
/* Whoever is root in the pod can have many devices and interfaces, and call them what the kernel lets through. */
#define FILE_MAX (1024 * 1024)
#define INTERFACES_MAX 32

typedef struct Metric Metric;

struct Metric {
        const char *name, *help;
        void (*read)(const Metric *m, CriMetricSubject *s);
        /* Where a file has it. */
        const char *file, *key;
        size_t column;
        uint64_t per_unit;             /* how many of the file's units make one of the metric's; 0: 1 */
        /* Labels of its own: values that reading finds come first, and these are the last. */
        const char *keys[LABELS_MAX], *values[2];
        unsigned kinds;
        Cri__MetricType type;
};

static const char *const base_keys[] = { "id", "name", "image", "namespace", "pod", "container" };

/* Telling */

static void add_labels(Cri__Metric *to, const char *const *values, size_t max)
{
        for (size_t i = 0; i < max && values[i]; i++)
                call_append(&to->label_values, &to->n_label_values, call_text(values[i]));
}

/* found: values of labels, up to a NULL or to LABELS_MAX; NULL: there are none. */
static void add(const Metric *m, CriMetricSubject *s, const char *const *found, uint64_t value)
{
        Cri__Metric *to = call_new(&cri__metric__descriptor);

        to->name = call_text(m->name);
        to->metric_type = m->type;
        add_labels(to, s->labels, ELEMENTSOF(s->labels));
        if (found)
                add_labels(to, found, LABELS_MAX);
        add_labels(to, m->values, ELEMENTSOF(m->values));
        to->value = call_new(&cri__uint64_value__descriptor);
        to->value->value = value / (m->per_unit ?: 1);
        call_append(&s->metrics, &s->n_metrics, to);
}

/* Reading files */

/* Rows of one file stand together, so that it is read once. NULL: it is not there. */
static const char *text_of(CriMetricSubject *s, const char *file)
{
        if (s->file && streq(s->file, file))
                return s->text;
        s->file = file;
        s->text = mfree(s->text);
        if (s->dir < 0 || read_file_at(s->dir, file, FILE_MAX, &s->text, NULL) < 0)
                s->text = NULL;
        return s->text;
}

static char **lines_of(CriMetricSubject *s, const char *file)
{
        const char *text = text_of(s, file);
        char **lines = NULL;

        return text && strv_split(text, '\n', &lines) >= 0 ? lines : NULL;
}

/* A file with one number; "max" is not one. */
static bool number_of(CriMetricSubject *s, const char *file, uint64_t *ret)
{
        const char *text = text_of(s, file);
        _cleanup_free_ char *line = text ? strndup(text, strcspn(text, "\n")) : NULL;

        return line && parse_uint64(line, ret) >= 0;
}

static void read_number(const Metric *m, CriMetricSubject *s)
{
        uint64_t value;

        if (number_of(s, m->file, &value))
                add(m, s, NULL, value);
}

/* The value of "KEY VALUE" or, without a space, of "KEY=VALUE". */
static bool value_in(char *const *words, const char *key, uint64_t *ret)
{
        STRV_FOREACH(word, words) {
                const char *value = startswith(*word, key);

                if (value && *value == '=')
                        return parse_uint64(value + 1, ret) >= 0;
        }
        return false;
}

static bool keyed_of(CriMetricSubject *s, const char *file, const char *key, uint64_t *ret)
{
        _cleanup_strv_free_ char **lines = lines_of(s, file);

        STRV_FOREACH(line, lines) {
                const char *value = startswith(*line, key);

                if (value && *value == ' ')
                        return parse_uint64(value + 1, ret) >= 0;
        }
        return false;
}

static void read_keyed(const Metric *m, CriMetricSubject *s)
{
        uint64_t value;

        if (keyed_of(s, m->file, m->key, &value))
                add(m, s, NULL, value);
}

/* "some avg10=0.00 avg60=0.00 avg300=0.00 total=0" (Documentation/accounting/psi.rst) */
static void read_pressure(const Metric *m, CriMetricSubject *s)
{
        _cleanup_strv_free_ char **lines = lines_of(s, m->file);

        STRV_FOREACH(line, lines) {
                _cleanup_strv_free_ char **words = NULL;
                uint64_t value;

                if (strv_split(*line, ' ', &words) >= 0 && words && streq(words[0], m->key) &&
                    value_in(words, "total", &value))
                        add(m, s, NULL, value);
        }
}

/* "8:0" is "/dev/sda"; as it is where the kernel does not say. */
static char *device_path(const char *number)
{
        _cleanup_free_ char *path = strjoin("/sys/dev/block/", number);
        char target[PATH_MAX];
        ssize_t n = path ? readlink(path, target, sizeof(target) - 1) : -1;

        if (n < 0)
                return strdup(number);
        target[n] = 0;
        return strjoin("/dev/", path_basename(target));
}

/* "8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=5 dios=6" */
static void read_device(const Metric *m, CriMetricSubject *s)
{
        _cleanup_strv_free_ char **lines = lines_of(s, m->file);

        STRV_FOREACH(line, lines) {
                _cleanup_strv_free_ char **words = NULL, **numbers = NULL;
                _cleanup_free_ char *path = NULL;
                uint64_t value;

                if (strv_split(*line, ' ', &words) < 0 || strv_length(words) < 2 || !value_in(words, m->key, &value) ||
                    strv_split(words[0], ':', &numbers) < 0 || strv_length(numbers) != 2)
                        continue;
                path = device_path(words[0]);
                if (path)
                        add(m, s, (const char *const[LABELS_MAX]) {
                                path, m->keys[1] ? numbers[0] : NULL, numbers[1] }, value);
        }
}

/* The lines of /proc/PID/net/dev, but for the heading and the loopback interface; columns are counted behind the name.
 * Texts of messages have to be UTF-8, and a reader would refuse the metrics of all pods. */
static void read_interface(const Metric *m, CriMetricSubject *s)
{
        _cleanup_strv_free_ char **lines = lines_of(s, m->file);
        size_t n = 0;

        STRV_FOREACH(line, lines) {
                char *name = *line + strspn(*line, " "), *colon = strrchr(name, ':');
                _cleanup_strv_free_ char **columns = NULL;
                uint64_t value;

                if (!colon || startswith(name, "lo:") || n == INTERFACES_MAX)
                        continue;
                *colon = 0;
                if (utf8_is_valid(name) && strv_split(colon + 1, ' ', &columns) >= 0 &&
                    strv_length(columns) > m->column && parse_uint64(columns[m->column], &value) >= 0) {
                        add(m, s, (const char *const[LABELS_MAX]) { name }, value);
                        n++;
                }
        }
}

/* Of "hugetlb.2MB.current", for each size that the machine has. */
static void read_huge_pages(const Metric *m, CriMetricSubject *s)
{
        _cleanup_strv_free_ char **names = NULL;

        if (s->dir < 0 || list_directory_at(s->dir, ".", &names) < 0)
                return;
        STRV_FOREACH(name, names) {
                const char *size = startswith(*name, "hugetlb."), *end = size ? endswith(size, ".current") : NULL;
                _cleanup_free_ char *own = NULL;
                uint64_t value;

                if (!end || endswith(size, ".rsvd.current") || !number_of(s, *name, &value))
                        continue;
                own = strndup(size, (size_t) (end - size));
                if (own)
                        add(m, s, (const char *const[LABELS_MAX]) { own }, value);
        }
        s->file = NULL;
}

/* Reckoning */

/* What the kernel could not simply take back. */
static void read_working_set(const Metric *m, CriMetricSubject *s)
{
        uint64_t used, inactive = 0;

        if (!number_of(s, "memory.current", &used))
                return;
        (void) keyed_of(s, "memory.stat", "inactive_file", &inactive);
        add(m, s, NULL, used - MIN(used, inactive));
}

/* 0: there is no limit. */
static void read_threads_max(const Metric *m, CriMetricSubject *s)
{
        const char *text = text_of(s, m->file);
        uint64_t value = 0;

        if (text && (startswith(text, "max") || number_of(s, m->file, &value)))
                add(m, s, NULL, value);
}

static void read_processes(const Metric *m, CriMetricSubject *s)
{
        _cleanup_strv_free_ char **pids = NULL;

        if (app_processes(s->pod, s->app->name, &pids) >= 0)
                add(m, s, NULL, strv_length(pids));
}

/* What /proc/PID/fd has, of all processes; a process may end while it is looked at. m->key: only what begins so. */
static void read_open_files(const Metric *m, CriMetricSubject *s)
{
        _cleanup_strv_free_ char **pids = NULL;
        uint64_t n = 0;

        if (app_processes(s->pod, s->app->name, &pids) < 0)
                return;
        STRV_FOREACH(pid, pids) {
                _cleanup_free_ char *path = strjoin("/proc/", *pid, "/fd");
                _cleanup_close_ int dir = path ? open_directory_at(AT_FDCWD, path) : -ENOMEM;
                _cleanup_strv_free_ char **names = NULL;

                if (dir < 0 || list_directory_at(dir, ".", &names) < 0)
                        continue;
                STRV_FOREACH(name, names) {
                        char target[32] = "";

                        if (!m->key || (readlinkat(dir, *name, target, sizeof(target) - 1) > 0 &&
                                        startswith(target, m->key)))
                                n++;
                }
        }
        add(m, s, NULL, n);
}

/* Of the first process, "Max open files  SOFT  HARD  files"; one without a limit is not a number. */
static void read_limit(const Metric *m, CriMetricSubject *s)
{
        _cleanup_strv_free_ char **pids = NULL, **lines = NULL;
        _cleanup_free_ char *path = NULL, *text = NULL;

        if (app_processes(s->pod, s->app->name, &pids) < 0 || !pids)
                return;
        path = strjoin("/proc/", pids[0], "/limits");
        if (!path || read_file_at(AT_FDCWD, path, FILE_MAX, &text, NULL) < 0 || strv_split(text, '\n', &lines) < 0)
                return;
        STRV_FOREACH(line, lines) {
                const char *rest = startswith(*line, m->key);
                _cleanup_free_ char *soft = NULL;
                uint64_t value;

                if (!rest)
                        continue;
                rest += strspn(rest, " ");
                soft = strndup(rest, strcspn(rest, " "));
                if (soft && parse_uint64(soft, &value) >= 0)
                        add(m, s, NULL, value);
        }
}

/* What the container has written on top of its image. */
static void read_written(const Metric *m, CriMetricSubject *s)
{
        _cleanup_free_ char *path = strjoin("apps/", s->app->name, "/upper");
        uint64_t size;

        if (path && tree_size_at(s->pod->fd, path, UINT64_MAX, &size) >= 0)
                add(m, s, NULL, size);
}

/* The file system that this is on; m->column: which of its numbers. */
enum { FS_SIZE, FS_FREE_FILES, FS_FILES };

static void read_file_system(const Metric *m, CriMetricSubject *s)
{
        struct statvfs fs;

        if (fstatvfs(s->pod->fd, &fs) < 0)
                return;
        add(m, s, NULL, (const uint64_t[]) { [FS_SIZE] = fs.f_blocks * fs.f_frsize, [FS_FREE_FILES] = fs.f_ffree,
                                             [FS_FILES] = fs.f_files }[m->column]);
}

/* What the client wants, in the record at m->column. */
static void read_wanted(const Metric *m, CriMetricSubject *s)
{
        const int64_t value = *(const int64_t *) ((const char *) s->record + m->column);

        if (value > 0)
                add(m, s, NULL, (uint64_t) value);
}

static void read_started(const Metric *m, CriMetricSubject *s)
{
        const uint64_t time = s->app ? pod_app_started_time(s->pod, s->app->name) : pod_started_time(s->pod);

        if (time > 0)
                add(m, s, NULL, time);
}

static void read_time(const Metric *m, CriMetricSubject *s)
{
        add(m, s, NULL, (uint64_t) s->time);
}

/* All that there are; several rows of one name differ in their labels. */

#define USEC .per_unit = USEC_PER_SEC
#define NSEC .per_unit = NSEC_PER_SEC
#define PRESSURE(name_, help_, file_, key_)                                                                           \
        { "container_pressure_" name_ "_seconds_total", help_, read_pressure, file_, key_, USEC, .kinds = GROUP }
#define FAULTS(key_, scope)                                                                                           \
        { "container_memory_failures_total", "Page faults.", read_keyed, "memory.stat", key_,                         \
          .keys = { "failure_type", "scope" }, .values = { key_, scope }, .kinds = GROUP }
#define INTERFACE(name_, help_, column_)                                                                              \
        { "container_network_" name_ "_total", help_, read_interface, "net/dev", .column = column_,                   \
          .keys = { "interface" }, .kinds = NETWORK }
#define DEVICE(name_, help_, key_)                                                                                    \
        { "container_fs_" name_ "_total", help_, read_device, "io.stat", key_, .keys = { "device" }, .kinds = GROUP }
#define DEVICE_USAGE(key_, operation)                                                                                 \
        { "container_blkio_device_usage_total", "Bytes read from and written to a block device.", read_device,        \
          "io.stat", key_, .keys = { "device", "major", "minor", "operation" }, .values = { operation },              \
          .kinds = GROUP }
#define WANTED(name_, help_, member)                                                                                  \
        { "container_spec_" name_, help_, read_wanted, .column = offsetof(CriContainerRecord, member),                \
          .kinds = CONTAINER, .type = GAUGE }

static const Metric metrics[] = {
        { "container_cpu_usage_seconds_total", "CPU time used.", read_keyed, "cpu.stat", "usage_usec", USEC,
          .keys = { "cpu" }, .values = { "total" }, .kinds = GROUP },
        { "container_cpu_user_seconds_total", "CPU time used by programs.", read_keyed, "cpu.stat", "user_usec", USEC,
          .kinds = GROUP },
        { "container_cpu_system_seconds_total", "CPU time used by the kernel.", read_keyed, "cpu.stat", "system_usec",
          USEC, .kinds = GROUP },
        { "container_cpu_cfs_periods_total", "Periods in which a limit of CPU time applied.", read_keyed, "cpu.stat",
          "nr_periods", .kinds = GROUP },
        { "container_cpu_cfs_throttled_periods_total", "Periods in which the limit was reached.", read_keyed,
          "cpu.stat", "nr_throttled", .kinds = GROUP },
        { "container_cpu_cfs_throttled_seconds_total", "Time spent waiting for the next period.", read_keyed,
          "cpu.stat", "throttled_usec", USEC, .kinds = GROUP },
        PRESSURE("cpu_waiting", "Time in which some task waited for a CPU.", "cpu.pressure", "some"),
        PRESSURE("cpu_stalled", "Time in which all tasks waited for a CPU.", "cpu.pressure", "full"),
        PRESSURE("memory_waiting", "Time in which some task waited for memory.", "memory.pressure", "some"),
        PRESSURE("memory_stalled", "Time in which all tasks waited for memory.", "memory.pressure", "full"),
        PRESSURE("io_waiting", "Time in which some task waited for a device.", "io.pressure", "some"),
        PRESSURE("io_stalled", "Time in which all tasks waited for a device.", "io.pressure", "full"),
        { "container_memory_usage_bytes", "Memory in use, with the file cache.", read_number, "memory.current",
          .kinds = GROUP, .type = GAUGE },
        { "container_memory_max_usage_bytes", "The most memory that was in use.", read_number, "memory.peak",
          .kinds = GROUP, .type = GAUGE },
        { "container_memory_swap", "Swap space in use, in bytes.", read_number, "memory.swap.current", .kinds = GROUP,
          .type = GAUGE },
        { "container_memory_working_set_bytes", "Memory that cannot simply be taken back.", read_working_set,
          .kinds = GROUP, .type = GAUGE },
        { "container_memory_cache", "Bytes of the file cache.", read_keyed, "memory.stat", "file", .kinds = GROUP,
          .type = GAUGE },
        { "container_memory_rss", "Bytes of anonymous memory.", read_keyed, "memory.stat", "anon", .kinds = GROUP,
          .type = GAUGE },
        { "container_memory_kernel_usage", "Bytes of the kernel's memory.", read_keyed, "memory.stat", "kernel",
          .kinds = GROUP, .type = GAUGE },
        { "container_memory_mapped_file", "Bytes of mapped files.", read_keyed, "memory.stat", "file_mapped",
          .kinds = GROUP, .type = GAUGE },
        { "container_memory_total_active_file_bytes", "Memory of files in use lately.", read_keyed, "memory.stat",
          "active_file", .kinds = GROUP, .type = GAUGE },
        { "container_memory_total_inactive_file_bytes", "Memory of files not in use lately.", read_keyed,
          "memory.stat", "inactive_file", .kinds = GROUP, .type = GAUGE },
        FAULTS("pgfault", "container"),
        FAULTS("pgfault", "hierarchy"),
        FAULTS("pgmajfault", "container"),
        FAULTS("pgmajfault", "hierarchy"),
        { "container_memory_failcnt", "How often the limit of memory was reached.", read_keyed, "memory.events", "max",
          .kinds = GROUP },
        { "container_oom_events_total", "Processes killed for want of memory.", read_keyed, "memory.events",
          "oom_kill", .kinds = GROUP },
        { "container_hugetlb_usage_bytes", "Huge pages in use.", read_huge_pages, .keys = { "pagesize" },
          .kinds = GROUP, .type = GAUGE },
        DEVICE("reads_bytes", "Bytes read.", "rbytes"),
        DEVICE("writes_bytes", "Bytes written.", "wbytes"),
        DEVICE("reads", "Reads completed.", "rios"),
        DEVICE("writes", "Writes completed.", "wios"),
        DEVICE_USAGE("rbytes", "read"),
        DEVICE_USAGE("wbytes", "write"),
        { "container_threads", "Threads.", read_number, "pids.current", .kinds = GROUP, .type = GAUGE },
        { "container_threads_max", "How many threads there may be; 0: any number.", read_threads_max, "pids.max",
          .kinds = GROUP, .type = GAUGE },
        { "container_processes", "Processes.", read_processes, .kinds = CONTAINER, .type = GAUGE },
        { "container_file_descriptors", "Open files.", read_open_files, .kinds = CONTAINER, .type = GAUGE },
        { "container_sockets", "Open sockets.", read_open_files, .key = "socket:", .kinds = CONTAINER,
          .type = GAUGE },
        { "container_ulimits_soft", "Limit of the first process.", read_limit, .key = "Max open files",
          .keys = { "ulimit" }, .values = { "max_open_files" }, .kinds = CONTAINER, .type = GAUGE },
        { "container_fs_usage_bytes", "What was written on top of the image.", read_written, .kinds = CONTAINER,
          .type = GAUGE },
        { "container_fs_limit_bytes", "Size of the file system of that.", read_file_system, .column = FS_SIZE,
          .kinds = CONTAINER, .type = GAUGE },
        { "container_fs_inodes_free", "Files that may still be made there.", read_file_system,
          .column = FS_FREE_FILES, .kinds = CONTAINER, .type = GAUGE },
        { "container_fs_inodes_total", "Files that there may be.", read_file_system, .column = FS_FILES,
          .kinds = CONTAINER, .type = GAUGE },
        WANTED("cpu_period", "Period of the limit of CPU time, in microseconds.", cpu_period),
        WANTED("cpu_quota", "Limit of CPU time in a period, in microseconds.", cpu_quota),
        WANTED("cpu_shares", "Shares of CPU time.", cpu_shares),
        WANTED("memory_limit_bytes", "Limit of memory.", memory),
        WANTED("memory_swap_limit_bytes", "Limit of memory and swap space together.", memory_swap),
        { "container_start_time_seconds", "When it was started.", read_started, NSEC, .kinds = GROUP, .type = GAUGE },
        { "container_last_seen", "When this was read.", read_time, NSEC, .kinds = GROUP, .type = GAUGE },
        INTERFACE("receive_bytes", "Bytes received.", 0),
        INTERFACE("receive_packets", "Packets received.", 1),
        INTERFACE("receive_errors", "Errors of receiving.", 2),
        INTERFACE("receive_packets_dropped", "Packets dropped on receipt.", 3),
        INTERFACE("transmit_bytes", "Bytes sent.", 8),
        INTERFACE("transmit_packets", "Packets sent.", 9),
        INTERFACE("transmit_errors", "Errors of sending.", 10),
        INTERFACE("transmit_packets_dropped", "Packets dropped on sending.", 11),
        {},
};

void cri_metric_subject_done(CriMetricSubject *s)
{
        s->dir = safe_close(s->dir);
        s->text = mfree(s->text);
        s->file = NULL;
}

void cri_metrics_read(CriMetricSubject *s)
{
        s->time = (int64_t) now_nsec();
        FOREACH_ROW(m, metrics)
                if (m->kinds & s->kind)
                        m->read(m, s);
}

static Cri__MetricDescriptor *describe(const Metric *m)
{
        Cri__MetricDescriptor *to = call_new(&cri__metric_descriptor__descriptor);

        to->name = call_text(m->name);
        to->help = call_text(m->help);
        for (size_t i = 0; i < ELEMENTSOF(base_keys); i++)
                call_append(&to->label_keys, &to->n_label_keys, call_text(base_keys[i]));
        for (size_t i = 0; i < LABELS_MAX && m->keys[i]; i++)
                call_append(&to->label_keys, &to->n_label_keys, call_text(m->keys[i]));
        return to;
}

void cri_metrics_describe(Cri__MetricDescriptor ***descriptors, size_t *n)
{
        FOREACH_ROW(m, metrics)
                if (m == metrics || !streq(m[-1].name, m->name))
                        call_append(descriptors, n, describe(m));
}
