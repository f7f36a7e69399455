/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <unistd.h>

#include "basic/fs.h"
#include "unit/usage.h"

#define UNKNOWN USAGE_UNKNOWN

#define HEADING \
        "Inter-|   Receive                                                |  Transmit\n" \
        " face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls " \
        "carrier compressed\n"
#define LOOPBACK "    lo:  9000      90    0    0    0     0          0         0     9000      90 0 0 0 0 0 0\n"

Test(usage, files)
{
        static const struct {
                const char *file, *text;
                UsageFigure figure;
                uint64_t first, second; /* the second is of the figure after it */
        } cases[] = {
                { "cpu.stat", "usage_usec 1234\nuser_usec 1000\nsystem_usec 234\n", USAGE_CPU, 1234, UNKNOWN },
                { "cpu.stat", "user_usec 1000\nusage_usec 0\n", USAGE_CPU, 0, UNKNOWN },
                { "cpu.stat", "usage_usec 18446744073709551616\n", USAGE_CPU, UNKNOWN, UNKNOWN },
                { "cpu.stat", "usage_usec -1\n", USAGE_CPU, UNKNOWN, UNKNOWN },
                { "cpu.stat", "usage_usec_more 5\n", USAGE_CPU, UNKNOWN, UNKNOWN },
                { "cpu.stat", "", USAGE_CPU, UNKNOWN, UNKNOWN },
                { "memory.current", "4096\n", USAGE_MEMORY, 4096, UNKNOWN },
                { "memory.max", "max\n", USAGE_MEMORY_LIMIT, UNKNOWN, UNKNOWN },
                { "memory.max", "1048576\n", USAGE_MEMORY_LIMIT, 1048576, UNKNOWN },
                { "memory.max", "1\n2\n", USAGE_MEMORY_LIMIT, UNKNOWN, UNKNOWN },
                { "pids.current", "3\n", USAGE_TASKS, 3, UNKNOWN },
                { "io.stat", "", USAGE_READ, 0, 0 },
                { "io.stat", "8:0 rbytes=10 wbytes=20 rios=1 wios=2 dbytes=0 dios=0\n8:16 \n253:0 rbytes=5 wbytes=6\n",
                  USAGE_READ, 15, 26 },
                { "io.stat", "8:0 rbytes=x wbytes=20\n8:1 rbytes=7 wbytes=1\n", USAGE_READ, UNKNOWN, 21 },
                { "io.stat", "8:0 rbytes=18446744073709551615\n8:1 rbytes=2 wbytes=1\n", USAGE_READ, UNKNOWN, 1 },
                { "net/dev", HEADING LOOPBACK, USAGE_RECEIVED, UNKNOWN, UNKNOWN },
                { "net/dev", HEADING LOOPBACK "  eth0: 100 1 0 0 0 0 0 0 200 2 0 0 0 0 0 0\n"
                  "  long0:7 1 0 0 0 0 0 0 8 2 0 0 0 0 0 0\n", USAGE_RECEIVED, 107, 208 },
                { "net/dev", HEADING "  lo2: 1 1 0 0 0 0 0 0 2 2 0 0 0 0 0 0\n", USAGE_RECEIVED, 1, 2 },
                { "net/dev", HEADING "  eth0: 100 1\n  eth1: 1 1 0 0 0 0 0 0 2 2 0 0 0 0 0 0\n", USAGE_RECEIVED,
                  UNKNOWN, UNKNOWN },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                Usage u;

                usage_init(&u);
                cr_assert_eq(usage_parse(cases[i].file, cases[i].text, &u), 0);
                cr_expect_eq(u.figures[cases[i].figure], cases[i].first, "%zu: %s", i, cases[i].text);
                if (cases[i].figure + 1 < _USAGE_FIGURE_MAX)
                        cr_expect_eq(u.figures[cases[i].figure + 1], cases[i].second, "%zu: %s", i, cases[i].text);
        }
        cr_expect_eq(usage_parse("memory.high", "1\n", &(Usage) {}), -EINVAL);
}

Test(usage, percent)
{
        static const struct {
                uint64_t time_before, cpu_before, time_now, cpu_now;
                double percent; /* negative: unknown */
        } cases[] = {
                { 1000000, 500, 2000000, 250500, 25 },
                { 1000000, 0, 2000000, 3000000, 300 },
                { 1000000, 500, 2000000, 500, 0 },
                { 1000000, 500, 2000000, 499, -1 },     /* the app was started again */
                { 1000000, 500, 1000000, 600, -1 },
                { 1000000, UNKNOWN, 2000000, 600, -1 },
                { 1000000, 500, 2000000, UNKNOWN, -1 },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                Usage before = { cases[i].time_before, { cases[i].cpu_before } };
                Usage now = { cases[i].time_now, { cases[i].cpu_now } };
                double percent = -1;

                cr_expect_eq(usage_cpu_percent(&before, &now, &percent), cases[i].percent >= 0, "%zu", i);
                cr_expect_float_eq(percent, cases[i].percent, 0.001, "%zu: %f", i, percent);
        }
        cr_expect_not(usage_cpu_percent(NULL, &(Usage) { 1, { 1 } }, &(double) { 0 }));
}

/* Where a controller is missing, or something else has the name of one of its files, the other figures are there. */
Test(usage, group)
{
        char path[] = "/tmp/podctl-usage.XXXXXX";
        _cleanup_close_ int fd = -EBADF;
        Usage u;

        cr_assert_not_null(mkdtemp(path));
        fd = open_directory_at(AT_FDCWD, path);
        cr_assert_geq(fd, 0);
        cr_assert_eq(mkdir_p_at(fd, "app.service/memory.current", 0755), 0);
        cr_assert_eq(write_string_at(fd, "app.service/cpu.stat", "usage_usec 77\n", 0644), 0);
        cr_assert_eq(write_string_at(fd, "app.service/memory.max", "max\n", 0644), 0);
        usage_init(&u);
        cr_expect_eq(usage_read_group(fd, "app.service", &u), 0);
        cr_expect_gt(u.taken_usec, 0);
        cr_expect_eq(u.figures[USAGE_CPU], 77);
        for (size_t i = USAGE_CPU + 1; i < _USAGE_FIGURE_MAX; i++)
                cr_expect_eq(u.figures[i], UNKNOWN, "%zu", i);
        cr_expect_eq(usage_read_group(fd, "other.service", &u), -ENOENT);
        cr_expect_eq(rm_rf_at(AT_FDCWD, path), 0);
}
