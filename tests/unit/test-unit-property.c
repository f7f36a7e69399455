/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <criterion/criterion.h>
#include <sys/socket.h>

#include "basic/fd.h"
#include "basic/strv.h"
/* The module itself, for its table: every row is to be walked. */
#include "unit/unit-property.c"

/* Per type of property, what its rows take and what they do not. */
static const struct {
        property_value_t append;
        const char *good[10];
        const char *bad[16];
} types[] = {
        { property_value_string, { "two words", "größe" }, {} },
        { property_value_slice,
          { "web.slice", "machine-web.slice", "-.slice" },
          { "", "web", ".slice", "web.service", "a b.slice" } },
        { property_value_word, {}, { "", "pony", "no|always" } },
        { property_value_boolean, { "yes", "no", "1", "false", "on" }, { "", "maybe", "2", " yes" } },
        { property_value_int,
          { "0", "-17", "2147483647", "-2147483648" },
          { "", "a", "1.5", "2147483648", "-2147483649", "99999999999999999999", "1 ", "0x10" } },
        { property_value_signal,
          { "SIGTERM", "TERM", "SIGUSR1", "9", "kill" },
          { "", "SIGPONY", "SIG", "9999999999" } },
        { property_value_uint64,
          { "0", "100", "18446744073709551615", "infinity" },
          { "", "-1", "18446744073709551616", "1K", "infinity ", "+1" } },
        { property_value_uint32, { "0", "100", "4294967295" }, { "", "-1", "4294967296", "1K", "infinity", "+1" } },
        { property_value_bytes,
          { "0", "4096", "64K", "1G", "15E", "50%", "100%", "infinity" },
          { "", "K", "%", "-1", "1X", "1KB", "101%", "99999999999E", "16E", "1.5", "18446744073709551616", "1K%",
            "Infinity" } },
        { property_value_usec,
          { "0", "30", "5s", "1h30m", "100ms", "infinity", "1min 30s", "1.5h", "2 weeks 3days" },
          { "", "soon", "-1", "5 parsecs", "99999999999999999999", "9999999999999d", "1. h", "1min 30x" } },
        { property_value_quota,
          { "1%", "50%", "150%", "infinity", "" },
          { "0%", "50", "%", "-5%", "5%%", "a%", "18446744073709551615%" } },
        { property_value_set, { "0", "0-3", "0-3,8", "8191", "" }, { "3-1", "a", "-1", "1-", "8192", "0 1" } },
        { property_value_strv, { "a.service", "a.service b.service", "" }, {} },
        { property_value_environment, { "A=b", "A=", "A=b c=d", "\"A=b c\" D=e", "A=b c" }, { "", "A", "=b" } },
        { property_value_limit,
          { "0", "1024", "1024:4096", "infinity", "1024:infinity", "infinity:infinity" },
          { "", "a", "1024:", ":4096", "1024:b", "1:2:3", "18446744073709551616" } },
        { property_value_cpu_weight, { "100", "idle" }, { "", "busy", "1K" } },
        { property_value_scheduling_policy, { "other", "batch", "idle", "fifo", "rr" }, { "", "Batch", "3" } },
        { property_value_device,
          { "/dev/null", "/dev/null rw", "/dev/fuse rwm", "char-pts rw" },
          { "/dev/null x", "/dev/null rw x" } },
        { property_value_capabilities,
          { "CAP_KILL", "CAP_KILL CAP_CHOWN", "cap_kill", "" },
          { "CAP_PONY", "KILL", "CAP_KILL,CAP_CHOWN", "~CAP_KILL" } },
        { property_value_device_limit,
          { "/var/lib 1000", "/dev/sda infinity", "/ 0", "/ 5M", "/var 1K" },
          { "", "/var", "/var 1X", "var 10", "/var -1", "/var 10 20" } },
        { property_value_bind, { "/a:/b", "/usr/lib:/usr", "/a" }, { "", "a", "a:/b", "/a:b", "/a:", ":/b" } },
        { property_value_exit_status,
          { "0", "133", "255", "5 SIGKILL", "SIGTERM", "1 2 3" },
          { "", "256", "-1", "a", "99999999999", "5 a" } },
};

static int check(const char *name, const char *value, char **message)
{
        _cleanup_free_ char *assignment = strjoin(name, "=", value);

        cr_assert(assignment);
        return unit_property_check(assignment, message);
}

static size_t find_type(const PropertyRow *row)
{
        for (size_t i = 0; i < ELEMENTSOF(types); i++)
                if (types[i].append == row->append)
                        return i;
        cr_assert_fail("no cases for the type of %s", row->name);
        return 0;
}

Test(unit_property, every_row)
{
        size_t n = 0;

        FOREACH_ROW(row, property_table) {
                size_t t = find_type(row);

                STRV_FOREACH(good, types[t].good) {
                        _cleanup_free_ char *message = NULL;

                        cr_expect_eq(check(row->name, *good, &message), 0, "%s=%s", row->name, *good);
                        cr_expect_null(message, "%s=%s: %s", row->name, *good, message);
                }
                STRV_FOREACH(bad, types[t].bad) {
                        _cleanup_free_ char *message = NULL;
                        int r = check(row->name, *bad, &message);

                        cr_expect(r == -EINVAL || r == -ERANGE, "%s=%s: %i", row->name, *bad, r);
                        cr_expect(message && strstr(message, row->name) && strstr(message, *bad), "%s=%s: %s",
                                  row->name, *bad, message);
                }
                n++;
        }
        cr_expect_gt(n, 80);
}

/* Limits in the units they are counted in (systemd.exec(5)). */
Test(unit_property, limits)
{
        static const struct {
                const char *name, *value;
                int r;
        } cases[] = {
                { "LimitMEMLOCK", "64M", 0 },    { "LimitSTACK", "8M:infinity", 0 }, { "LimitCPU", "1h", 0 },
                { "LimitCPU", "1h 30min", 0 },   { "LimitNICE", "+5", 0 },           { "LimitNICE", "-5", 0 },
                { "LimitNICE", "20", 0 },        { "LimitRTTIME", "100ms", 0 },      { "LimitNOFILE", "64M", -EINVAL },
                { "LimitNICE", "+20", -ERANGE }, { "LimitNICE", "++5", -EINVAL },    { "LimitDATA", "1h", -EINVAL },
                { "LimitNPROC", "-1", -EINVAL },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_free_ char *message = NULL;

                cr_expect_eq(check(cases[i].name, cases[i].value, &message), cases[i].r, "%s=%s", cases[i].name,
                             cases[i].value);
        }
}

Test(unit_property, words)
{
        size_t n = 0;

        FOREACH_ROW(row, property_table) {
                _cleanup_strv_free_ char **words = NULL;

                cr_expect_eq(row->append == property_value_word, row->words != NULL, "%s", row->name);
                if (!row->words)
                        continue;
                cr_assert_eq(strv_split(row->words, '|', &words), 0);
                STRV_FOREACH(word, words)
                        cr_expect_eq(check(row->name, *word, NULL), 0, "%s=%s", row->name, *word);
                n++;
        }
        cr_expect_gt(n, 5);
}

Test(unit_property, names_are_unique)
{
        FOREACH_ROW(row, property_table)
                for (const PropertyRow *other = row + 1; other->name; other++)
                        cr_expect_str_neq(row->name, other->name);
}

Test(unit_property, refuses)
{
        static const struct {
                const char *assignment;
                int error;
                const char *message;
        } cases[] = {
                { "Ponies=yes", -EOPNOTSUPP, "Ponies" },
                { "memorymax=1G", -EOPNOTSUPP, "memorymax" },
                { "MemoryMa=1G", -EOPNOTSUPP, "MemoryMa" },
                { "MemoryMaxx=1G", -EOPNOTSUPP, "MemoryMaxx" },
                { "=1G", -EOPNOTSUPP, "" },
                { "MemoryMax", -EINVAL, "MemoryMax" },
                { "", -EINVAL, "NAME=VALUE" },
                { "MemoryMax=99999999999E", -ERANGE, "MemoryMax" },
                /* What would run something on the host, or decide who the pod's process is, is the launcher's alone. */
                { "ExecStart=/bin/true", -EOPNOTSUPP, "ExecStart" },
                { "ExecStartPre=/bin/true", -EOPNOTSUPP, "ExecStartPre" },
                { "PIDs=1", -EOPNOTSUPP, "PIDs" },
                /* Of words there are few, and systemd would go on without a wrong one in a drop-in. */
                { "Restart=sometimes", -EINVAL, "on-failure" },
                { "Restart=", -EINVAL, "Restart" },
                { "KillMode=proces", -EINVAL, "control-group" },
                { "Type=daemon", -EINVAL, "notify" },
                { "OOMPolicy=Kill", -EINVAL, "continue" },
                { "DevicePolicy=open", -EINVAL, "closed" },
                { "Slice=web", -EINVAL, "Slice" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_free_ char *message = NULL;

                cr_expect_eq(unit_property_check(cases[i].assignment, &message), cases[i].error, "%s",
                             cases[i].assignment);
                cr_assert(message, "%s", cases[i].assignment);
                cr_expect(strstr(message, cases[i].message), "%s: %s", cases[i].assignment, message);
                cr_expect_not(strchr(message, '\n'), "%s", message);
        }
}

/* What is sent */

/* A bus that nobody answers, good enough to make messages. */
static sd_bus_message *message_new(sd_bus **ret_bus, int *ret_peer)
{
        sd_bus_message *m;
        int fds[2];

        cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
        *ret_peer = fds[1];
        cr_assert_geq(sd_bus_new(ret_bus), 0);
        cr_assert_geq(sd_bus_set_fd(*ret_bus, fds[0], fds[0]), 0);
        cr_assert_geq(sd_bus_start(*ret_bus), 0);
        cr_assert_geq(sd_bus_message_new_method_call(*ret_bus, &m, "a.b", "/", "a.b", "C"), 0);
        cr_assert_geq(sd_bus_message_open_container(m, 'a', "(sv)"), 0);
        return m;
}

static void message_seal(sd_bus_message *m)
{
        cr_assert_geq(sd_bus_message_close_container(m), 0);
        cr_assert_geq(sd_bus_message_seal(m, 1, 0), 0);
        cr_assert_geq(sd_bus_message_enter_container(m, 'a', "(sv)"), 0);
}

Test(unit_property, every_row_makes_a_message)
{
        FOREACH_ROW(row, property_table)
                STRV_FOREACH(good, types[find_type(row)].good) {
                        _cleanup_free_ char *assignment = strjoin(row->name, "=", *good);
                        _cleanup_close_ int peer = -EBADF;
                        sd_bus *bus = NULL;
                        sd_bus_message *m = message_new(&bus, &peer);
                        const char *name = NULL, *contents = NULL;
                        size_t properties = 0;
                        char type;

                        cr_expect_geq(unit_property_append(m, assignment), 0, "%s", assignment);
                        message_seal(m);
                        while (sd_bus_message_enter_container(m, 'r', "sv") > 0) {
                                cr_assert_gt(sd_bus_message_read(m, "s", &name), 0);
                                cr_expect(startswith(name, property_bus_name(row)), "%s: %s", assignment, name);
                                cr_expect_gt(sd_bus_message_peek_type(m, &type, &contents), 0);
                                cr_assert_gt(sd_bus_message_skip(m, "v"), 0, "%s", assignment);
                                cr_assert_gt(sd_bus_message_exit_container(m), 0);
                                properties++;
                        }
                        cr_expect_geq(properties, 1, "%s", assignment);
                        sd_bus_message_unref(m);
                        sd_bus_close(bus);
                        sd_bus_unref(bus);
                }
}

Test(unit_property, numbers)
{
        static const struct {
                const char *assignment;
                const char *name;
                char type;
                uint64_t value;
        } cases[] = {
                { "MemoryMax=64K", "MemoryMax", 't', 65536 },
                { "MemoryMax=3T", "MemoryMax", 't', UINT64_C(3) << 40 },
                { "MemoryMax=15E", "MemoryMax", 't', UINT64_C(15) << 60 },
                { "MemoryMax=infinity", "MemoryMax", 't', UINT64_MAX },
                { "MemoryMax=50%", "MemoryMaxScale", 'u', UINT32_MAX / 2 },
                { "MemoryMax=100%", "MemoryMaxScale", 'u', UINT32_MAX },
                { "TasksMax=10%", "TasksMaxScale", 'u', UINT32_MAX / 10 },
                { "CPUQuota=150%", "CPUQuotaPerSecUSec", 't', 1500000 },
                { "CPUQuota=1.5%", "CPUQuotaPerSecUSec", 't', 15000 },
                { "CPUQuota=0.25%", "CPUQuotaPerSecUSec", 't', 2500 },
                { "CPUQuota=", "CPUQuotaPerSecUSec", 't', UINT64_MAX },
                { "TimeoutStartSec=90", "TimeoutStartUSec", 't', 90000000 },
                { "RuntimeMaxSec=infinity", "RuntimeMaxUSec", 't', UINT64_MAX },
                { "KillSignal=SIGUSR1", "KillSignal", 'i', 10 },
                { "KillSignal=9", "KillSignal", 'i', 9 },
                { "OOMScoreAdjust=-500", "OOMScoreAdjust", 'i', (uint64_t) (int64_t) -500 },
                { "Delegate=yes", "Delegate", 'b', 1 },
                { "CapabilityBoundingSet=CAP_CHOWN CAP_KILL", "CapabilityBoundingSet", 't', 1 << 0 | 1 << 5 },
                { "LimitNOFILE=1024:4096", "LimitNOFILE", 't', 4096 },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                const char signature[] = { cases[i].type, 0 };
                _cleanup_close_ int peer = -EBADF;
                sd_bus *bus = NULL;
                sd_bus_message *m = message_new(&bus, &peer);
                uint64_t value = 0;
                const char *name = NULL;

                cr_assert_geq(unit_property_append(m, cases[i].assignment), 0, "%s", cases[i].assignment);
                message_seal(m);
                cr_assert_gt(sd_bus_message_enter_container(m, 'r', "sv"), 0);
                cr_assert_gt(sd_bus_message_read(m, "s", &name), 0);
                cr_expect_str_eq(name, cases[i].name);
                cr_assert_gt(sd_bus_message_enter_container(m, 'v', signature), 0, "%s", cases[i].assignment);
                if (cases[i].type == 'i') {
                        int32_t v;

                        cr_assert_gt(sd_bus_message_read_basic(m, 'i', &v), 0);
                        value = (uint64_t) (int64_t) v;
                } else
                        cr_assert_gt(sd_bus_message_read_basic(m, cases[i].type, &value), 0);
                cr_expect_eq(value, cases[i].value, "%s", cases[i].assignment);
                sd_bus_message_unref(m);
                sd_bus_close(bus);
                sd_bus_unref(bus);
        }
}

Test(unit_property, refuses_before_sending)
{
        _cleanup_close_ int peer = -EBADF;
        sd_bus *bus = NULL;
        sd_bus_message *m = message_new(&bus, &peer);

        cr_expect_eq(unit_property_append(m, "MemoryMax=lots"), -EINVAL);
        cr_expect_eq(unit_property_append(m, "Ponies=yes"), -EOPNOTSUPP);
        cr_expect_eq(unit_property_append(m, "MemoryMax"), -EINVAL);
        message_seal(m);
        cr_expect_eq(sd_bus_message_at_end(m, false), 1);
        sd_bus_message_unref(m);
        sd_bus_close(bus);
        sd_bus_unref(bus);
}

/* What is written into a unit file is one line there, and means what it means on the bus. */
Test(unit_property, lines)
{
        static const struct {
                const char *assignment, *line; /* NULL: it cannot be one */
        } cases[] = {
                { "Description=two words", "Description=two words" },
                { "Description=100 %n $x \"", "Description=100 %%n $x \"" },
                { "MemoryMax=50%", "MemoryMax=50%" },
                { "CPUQuota=150%", "CPUQuota=150%" },
                { "Environment=A=%h", "Environment=A=%%h" },
                { "Description=even \\\\", "Description=even \\\\" },
                { "Description=odd \\", NULL },
                { "Description=a\n[Service]\nExecStartPre=/bin/touch /x", NULL },
                { "Description=a\rb", NULL },
                { "WorkingDirectory=/a\nb", NULL },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_free_ char *line = NULL, *message = NULL, *refused = NULL;
                int r = unit_property_line(cases[i].assignment, &line, &message);

                cr_expect_eq(r, cases[i].line ? 0 : -EINVAL, "%s", cases[i].assignment);
                cr_expect(streq_ptr(line, cases[i].line), "%s: %s", cases[i].assignment, line);
                if (strpbrk(cases[i].assignment, "\n\r")) {
                        cr_expect_eq(unit_property_check(cases[i].assignment, &refused), -EINVAL);
                        cr_expect(strstr(strempty(refused), "is one line"), "%s", strempty(refused));
                }
        }
}
