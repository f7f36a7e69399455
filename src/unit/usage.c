/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/usage.h"

#include "basic/fs.h"
#include "basic/parse.h"
#include "basic/strv.h"
#include "basic/time-util.h"

/* Whoever is root in the pod can have many devices and interfaces. */
#define FILE_MAX (1024 * 1024)

/* In the lines of /proc/PID/net/dev, counted behind the name of the interface. */
enum {
        NETWORK_RECEIVED = 0,
        NETWORK_SENT = 8,
        NETWORK_NEEDED = 9,
};

/* Parsing. Each function gets lines without empty ones, and the first of the figures that it sets. -ENOMEM. */

/* A sum stays unknown once it is. */
static void add(uint64_t *sum, const char *number)
{
        uint64_t n;

        if (parse_uint64(number, &n) < 0 || __builtin_add_overflow(*sum, n, sum))
                *sum = USAGE_UNKNOWN;
}

/* "max", where there is no limit, is not a number. */
static int parse_number(char **lines, uint64_t *figures)
{
        figures[0] = 0;
        add(&figures[0], strv_length(lines) == 1 ? lines[0] : NULL);
        return 0;
}

static int parse_cpu(char **lines, uint64_t *figures)
{
        STRV_FOREACH(line, lines) {
                const char *number = startswith(*line, "usage_usec ");

                if (!number)
                        continue;
                figures[0] = 0;
                add(&figures[0], number);
        }
        return 0;
}

static int add_device(const char *line, uint64_t *figures)
{
        _cleanup_strv_free_ char **words = NULL;
        int r;

        r = strv_split(line, ' ', &words);
        if (r < 0)
                return r;
        STRV_FOREACH(word, words) {
                const char *bytes_read = startswith(*word, "rbytes="), *written = startswith(*word, "wbytes=");

                if (bytes_read)
                        add(&figures[0], bytes_read);
                if (written)
                        add(&figures[1], written);
        }
        return 0;
}

/* Without a line, nothing was read or written yet. */
static int parse_io(char **lines, uint64_t *figures)
{
        int r = 0;

        figures[0] = figures[1] = 0;
        STRV_FOREACH(line, lines) {
                r = add_device(*line, figures);
                if (r < 0)
                        break;
        }
        return r;
}

static int add_interface(const char *numbers, uint64_t *figures)
{
        _cleanup_strv_free_ char **columns = NULL;
        bool whole;
        int r;

        r = strv_split(numbers, ' ', &columns);
        if (r < 0)
                return r;
        whole = strv_length(columns) >= NETWORK_NEEDED;
        add(&figures[0], whole ? columns[NETWORK_RECEIVED] : NULL);
        add(&figures[1], whole ? columns[NETWORK_SENT] : NULL);
        return 0;
}

/* The two lines of the heading have no colon. Without an interface there is no network, and nothing to know of it. */
static int parse_network(char **lines, uint64_t *figures)
{
        uint64_t sums[2] = {};
        size_t n = 0;

        STRV_FOREACH(line, lines) {
                const char *name = *line + strspn(*line, " "), *colon = strrchr(name, ':');

                if (!colon || startswith(name, "lo:"))
                        continue;
                if (add_interface(colon + 1, sums) < 0)
                        return -ENOMEM;
                n++;
        }
        for (size_t i = 0; n > 0 && i < ELEMENTSOF(sums); i++)
                figures[i] = sums[i];
        return 0;
}

/* Files */

typedef struct UsageFile {
        const char *name;
        int (*parse)(char **lines, uint64_t *figures);
        UsageFigure first;
} UsageFile;

static const UsageFile group_files[] = {
        { "cpu.stat", parse_cpu, USAGE_CPU },
        { "memory.current", parse_number, USAGE_MEMORY },
        { "memory.max", parse_number, USAGE_MEMORY_LIMIT },
        { "pids.current", parse_number, USAGE_TASKS },
        { "io.stat", parse_io, USAGE_READ },
        {},
};

static const UsageFile network_files[] = {
        { "net/dev", parse_network, USAGE_RECEIVED },
        {},
};

void usage_init(Usage *ret)
{
        ret->taken_usec = 0;
        for (size_t i = 0; i < _USAGE_FIGURE_MAX; i++)
                ret->figures[i] = USAGE_UNKNOWN;
}

static int parse_file(const UsageFile *file, const char *text, Usage *u)
{
        _cleanup_strv_free_ char **lines = NULL;
        int r;

        r = strv_split(text, '\n', &lines);
        if (r < 0)
                return r;
        return file->parse(lines, &u->figures[file->first]);
}

int usage_parse(const char *file, const char *text, Usage *u)
{
        FOREACH_ROW(f, group_files)
                if (streq(f->name, file))
                        return parse_file(f, text, u);
        FOREACH_ROW(f, network_files)
                if (streq(f->name, file))
                        return parse_file(f, text, u);
        return -EINVAL;
}

static int read_files(const UsageFile *files, int dir_fd, Usage *u)
{
        FOREACH_ROW(f, files) {
                _cleanup_free_ char *text = NULL;
                int r;

                r = read_file_at(dir_fd, f->name, FILE_MAX, &text, NULL);
                if (r >= 0)
                        r = parse_file(f, text, u);
                if (r == -ENOMEM)
                        return r;
        }
        return 0;
}

int usage_read_group(int dir_fd, const char *path, Usage *u)
{
        _cleanup_close_ int fd = open_directory_at(dir_fd, path);

        if (fd < 0)
                return fd;
        u->taken_usec = now_monotonic_usec();
        return read_files(group_files, fd, u);
}

int usage_read_network(int proc_fd, Usage *u)
{
        return read_files(network_files, proc_fd, u);
}

bool usage_cpu_percent(const Usage *before, const Usage *now, double *ret)
{
        uint64_t first, last;

        if (!before || now->taken_usec <= before->taken_usec)
                return false;
        first = before->figures[USAGE_CPU];
        last = now->figures[USAGE_CPU];
        if (first == USAGE_UNKNOWN || last == USAGE_UNKNOWN || last < first)
                return false;
        *ret = 100.0 * (double) (last - first) / (double) (now->taken_usec - before->taken_usec);
        return true;
}
