/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <ctype.h>
#include <sched.h>
#include <sys/capability.h>
#include <sys/mount.h>

#include "basic/parse.h"
#include "basic/path.h"
#include "basic/signal-util.h"
#include "basic/strv.h"
#include "shared/explain.h"
#include "unit/unit-property.h"

#define UNIT_NAME_MAX 256

typedef struct PropertyRow PropertyRow;

/* Converts the value into its form on the bus. With a message it appends "(sv)" to it, without one it only checks. */
typedef int (*append_t)(sd_bus_message *m, const PropertyRow *row, const char *value);

struct PropertyRow {
        const char *name;
        append_t append;
        /* The name on the bus where it differs from the one in unit files. */
        const char *bus_name;
        /* All values that the property takes, separated by '|'; NULL: there is no such list. */
        const char *words;
        bool of_unit; /* it stands in section [Unit] of a file */
};

static const char *bus_name(const PropertyRow *row)
{
        return row->bus_name ?: row->name;
}

static int append_string(sd_bus_message *m, const PropertyRow *row, const char *value)
{
        return m ? sd_bus_message_append(m, "(sv)", bus_name(row), "s", value) : 0;
}

/* In a drop-in, systemd would only warn about any other word, and ignore it. */
static int append_word(sd_bus_message *m, const PropertyRow *row, const char *value)
{
        _cleanup_strv_free_ char **words = NULL;

        if (strv_split(row->words, '|', &words) < 0)
                return -ENOMEM;
        return strv_contains(words, value) ? append_string(m, row, value) : -EINVAL;
}

/* A rough check of the name (systemd.unit(5), systemd.slice(5)). */
static bool is_slice(const char *s)
{
        size_t n = strlen(s), of_suffix = strlen(".slice");

        return n > of_suffix && n < UNIT_NAME_MAX && streq(s + n - of_suffix, ".slice") && !strpbrk(s, "/ \t\n");
}

static int append_slice(sd_bus_message *m, const PropertyRow *row, const char *value)
{
        return is_slice(value) ? append_string(m, row, value) : -EINVAL;
}

static int append_boolean(sd_bus_message *m, const PropertyRow *row, const char *value)
{
        int b = parse_boolean(value);

        if (b < 0)
                return b;
        return m ? sd_bus_message_append(m, "(sv)", bus_name(row), "b", b) : 0;
}

static int append_int(sd_bus_message *m, const PropertyRow *row, const char *value)
{
        int64_t v;
        int r;

        r = parse_int64(value, &v);
        if (r < 0)
                return r;
        if (v < INT32_MIN || v > INT32_MAX)
                return -ERANGE;
        return m ? sd_bus_message_append(m, "(sv)", bus_name(row), "i", (int32_t) v) : 0;
}

static int append_signal(sd_bus_message *m, const PropertyRow *row, const char *value)
{
        int number = signal_from_string(value);

        if (number < 0)
                return number;
        return m ? sd_bus_message_append(m, "(sv)", bus_name(row), "i", number) : 0;
}

static int append_uint64(sd_bus_message *m, const PropertyRow *row, const char *value)
{
        uint64_t v = UINT64_MAX;
        int r;

        if (!streq(value, "infinity")) {
                r = parse_uint64(value, &v);
                if (r < 0)
                        return r;
        }
        return m ? sd_bus_message_append(m, "(sv)", bus_name(row), "t", v) : 0;
}

static int append_uint32(sd_bus_message *m, const PropertyRow *row, const char *value)
{
        uint32_t v;
        int r = parse_uint32(value, &v);

        return r < 0 || !m ? r : sd_bus_message_append(m, "(sv)", bus_name(row), "u", v);
}

/* With the suffixes K, M, G, T, P, E of that base. */
static int parse_scaled(const char *value, uint64_t base, uint64_t *ret)
{
        static const char suffixes[] = "KMGTPE";
        _cleanup_free_ char *digits = strdup(value);
        const char *suffix;
        size_t n = strlen(value);
        uint64_t v;
        int r;

        if (!digits)
                return -ENOMEM;
        if (streq(value, "infinity")) {
                *ret = UINT64_MAX;
                return 0;
        }
        suffix = n > 1 ? strchr(suffixes, value[n - 1]) : NULL;
        if (suffix)
                digits[n - 1] = 0;
        r = parse_uint64(digits, &v);
        if (r < 0)
                return r;
        for (const char *s = suffixes; suffix && s <= suffix; s++)
                if (__builtin_mul_overflow(v, base, &v))
                        return -ERANGE;
        *ret = v;
        return 0;
}

/* A number, mostly of bytes, or a percentage of the machine's total. */
static int append_bytes(sd_bus_message *m, const PropertyRow *row, const char *value)
{
        _cleanup_free_ char *digits = strdup(value), *scaled = NULL;
        uint64_t v;
        int r;

        if (!digits)
                return -ENOMEM;
        if (!endswith(value, "%")) {
                r = parse_scaled(value, 1024, &v);
                return r < 0 ? r : m ? sd_bus_message_append(m, "(sv)", bus_name(row), "t", v) : 0;
        }
        digits[strlen(digits) - 1] = 0;
        r = parse_uint64(digits, &v);
        if (r < 0)
                return r;
        if (v > 100)
                return -ERANGE;
        scaled = strprintf("%sScale", bus_name(row));
        if (!scaled)
                return -ENOMEM;
        return m ? sd_bus_message_append(m, "(sv)", scaled, "u", (uint32_t) (v * UINT32_MAX / 100)) : 0;
}

static int append_usec(sd_bus_message *m, const PropertyRow *row, const char *value)
{
        uint64_t usec;
        int r;

        r = parse_time_span(value, &usec);
        if (r < 0)
                return r;
        return m ? sd_bus_message_append(m, "(sv)", bus_name(row), "t", usec) : 0;
}

/* "150%" of one CPU, as microseconds of CPU time per second. */
static int append_quota(sd_bus_message *m, const PropertyRow *row, const char *value)
{
        _cleanup_free_ char *digits = strdup(value);
        uint64_t percent;
        int r;

        if (!digits)
                return -ENOMEM;
        if (isempty(value) || streq(value, "infinity"))
                return m ? sd_bus_message_append(m, "(sv)", bus_name(row), "t", UINT64_MAX) : 0;
        if (!endswith(value, "%"))
                return -EINVAL;

        digits[strlen(digits) - 1] = 0;
        r = parse_uint64(digits, &percent);
        if (r < 0)
                return r;
        if (percent == 0 || percent > UINT64_MAX / 10000)
                return -ERANGE;
        return m ? sd_bus_message_append(m, "(sv)", bus_name(row), "t", percent * 10000) : 0;
}

static int append_words(sd_bus_message *m, const char *name, char **words)
{
        int r;

        if (!m)
                return 0;
        r = sd_bus_message_open_container(m, 'r', "sv");
        if (r < 0)
                return r;
        r = sd_bus_message_append(m, "s", name);
        if (r < 0)
                return r;
        r = sd_bus_message_open_container(m, 'v', "as");
        if (r < 0)
                return r;
        r = sd_bus_message_append_strv(m, words);
        if (r < 0)
                return r;
        r = sd_bus_message_close_container(m);
        return r < 0 ? r : sd_bus_message_close_container(m);
}

static int append_strv(sd_bus_message *m, const PropertyRow *row, const char *value)
{
        _cleanup_strv_free_ char **words = NULL;
        int r;

        r = strv_split(value, ' ', &words);
        return r < 0 ? r : append_words(m, bus_name(row), words);
}

/* The words of a line of a unit file: blanks end them unless quoted, a backslash takes the next character as it is. */
static int split_quoted(const char *s, char ***ret)
{
        _cleanup_strv_free_ char **words = new0(char *, 1);
        int r = words ? 0 : -ENOMEM;

        for (s += strspn(s, " \t"); r >= 0 && *s; s += strspn(s, " \t")) {
                char *word = new0(char, strlen(s) + 1), *out = word, quote = 0;

                if (!word)
                        return -ENOMEM;
                for (; *s && (quote || !strchr(" \t", *s)); s++) {
                        if (*s == '\\' && s[1])
                                *out++ = *++s;
                        else if (*s == quote)
                                quote = 0;
                        else if (!quote && (*s == '"' || *s == '\''))
                                quote = *s;
                        else
                                *out++ = *s;
                }
                r = strv_consume(&words, word);
                if (quote)
                        r = -EINVAL;
        }
        if (r < 0)
                return r;
        *ret = TAKE_PTR(words);
        return r;
}

static bool is_assignment(const char *s)
{
        return strchr(s, '=') && *s != '=';
}

/* Several assignments; if not all words are assignments, the value is a single one, which may have blanks and
 * quotes. */
static int append_environment(sd_bus_message *m, const PropertyRow *row, const char *value)
{
        _cleanup_strv_free_ char **words = NULL;
        bool several = split_quoted(value, &words) >= 0 && strv_length(words) > 0;

        STRV_FOREACH(word, words)
                several = several && is_assignment(*word);
        if (several)
                return append_words(m, bus_name(row), words);
        if (!is_assignment(value))
                return -EINVAL;
        return m ? sd_bus_message_append(m, "(sv)", bus_name(row), "as", 1, value) : 0;
}

static int parse_count(const char *s, uint64_t *ret)
{
        *ret = UINT64_MAX;
        return streq(s, "infinity") ? 0 : parse_uint64(s, ret);
}

static int parse_bytes(const char *s, uint64_t *ret)
{
        return parse_scaled(s, 1024, ret);
}

/* The limit of CPU time is in seconds, rounded up. */
static int parse_seconds(const char *s, uint64_t *ret)
{
        int r = parse_time_span(s, ret);

        if (r < 0)
                return r;
        if (*ret != UINT64_MAX)
                *ret = *ret / 1000000 + (*ret % 1000000 > 0);
        return r;
}

/* In microseconds unless a unit is given. */
static int parse_microseconds(const char *s, uint64_t *ret)
{
        return string_in_charset(s, DIGITS) ? parse_count(s, ret) : parse_time_span(s, ret);
}

/* With a sign it is the nice level itself, else the kernel's value, which is 20 minus the level. */
static int parse_nice(const char *s, uint64_t *ret)
{
        int64_t level;
        int r;

        if (*s != '+' && *s != '-')
                return parse_count(s, ret);
        r = parse_int64(*s == '+' ? s + 1 : s, &level);
        if (r < 0)
                return r;
        if (level < -20 || level > 19 || s[1] == '+' || s[1] == '-')
                return level < -20 || level > 19 ? -ERANGE : -EINVAL;
        *ret = (uint64_t) (20 - level);
        return 0;
}

/* The units of limits; limits that are not listed are plain numbers. */
static const struct {
        const char *name;
        int (*parse)(const char *s, uint64_t *ret);
} limit_units[] = {
        { "LimitCPU", parse_seconds },       { "LimitRTTIME", parse_microseconds }, { "LimitNICE", parse_nice },
        { "LimitFSIZE", parse_bytes },       { "LimitDATA", parse_bytes },          { "LimitSTACK", parse_bytes },
        { "LimitCORE", parse_bytes },        { "LimitRSS", parse_bytes },           { "LimitAS", parse_bytes },
        { "LimitMEMLOCK", parse_bytes },     { "LimitMSGQUEUE", parse_bytes },
};

static int parse_limit(const PropertyRow *row, const char *s, uint64_t *ret)
{
        for (size_t i = 0; i < ELEMENTSOF(limit_units); i++)
                if (streq(limit_units[i].name, row->name))
                        return limit_units[i].parse(s, ret);
        return parse_count(s, ret);
}

/* LIMIT or SOFT:HARD */
static int append_limit(sd_bus_message *m, const PropertyRow *row, const char *value)
{
        _cleanup_free_ char *soft_text = NULL, *hard_text = NULL, *soft_name = NULL;
        uint64_t soft, hard;
        int r;

        r = split_pair(value, ':', &soft_text, &hard_text);
        if (r < 0)
                return r;
        r = parse_limit(row, soft_text, &soft);
        if (r < 0)
                return r;
        hard = soft;
        if (hard_text) {
                r = parse_limit(row, hard_text, &hard);
                if (r < 0)
                        return r;
        }
        if (!m)
                return 0;

        soft_name = strjoin(row->name, "Soft");
        if (!soft_name)
                return -ENOMEM;
        return sd_bus_message_append(m, "(sv)(sv)", row->name, "t", hard, soft_name, "t", soft);
}

/* NODE PERMISSIONS */
static int append_device(sd_bus_message *m, const PropertyRow *row, const char *value)
{
        _cleanup_free_ char *node = NULL, *permissions = NULL;
        int r;

        r = split_pair(value, ' ', &node, &permissions);
        if (r < 0)
                return r;
        if (permissions && !string_in_charset(permissions, "rwm"))
                return -EINVAL;
        return m ? sd_bus_message_append(m, "(sv)", row->name, "a(ss)", 1, node, permissions ?: "rwm") : 0;
}

/* FILE NUMBER, a limit for the device that FILE is, or is on. */
static int append_device_limit(sd_bus_message *m, const PropertyRow *row, const char *value)
{
        _cleanup_free_ char *file = NULL, *number = NULL;
        uint64_t v;
        int r;

        r = split_pair(value, ' ', &file, &number);
        if (r < 0)
                return r;
        if (!number || !path_is_absolute(file))
                return -EINVAL;
        r = parse_scaled(number, 1000, &v);
        if (r < 0)
                return r;
        return m ? sd_bus_message_append(m, "(sv)", row->name, "a(st)", 1, file, v) : 0;
}

/* SOURCE:TARGET */
/* Includes mounts below the source, as in unit files. */
static int append_bind(sd_bus_message *m, const PropertyRow *row, const char *value)
{
        _cleanup_free_ char *source = NULL, *target = NULL;
        int r;

        r = split_pair(value, ':', &source, &target);
        if (r < 0)
                return r;
        if (!target || !path_is_absolute(source) || !path_is_absolute(target))
                return -EINVAL;
        return m ? sd_bus_message_append(m, "(sv)", row->name, "a(ssbt)", 1, source, target, (int) false,
                                         (uint64_t) MS_REC) : 0;
}

/* Converts names of capabilities into a mask. */
static int append_capabilities(sd_bus_message *m, const PropertyRow *row, const char *value)
{
        _cleanup_strv_free_ char **words = NULL;
        uint64_t mask = 0;
        int r;

        r = strv_split(value, ' ', &words);
        if (r < 0)
                return r;

        STRV_FOREACH(word, words) {
                _cleanup_free_ char *name = strdup(*word);
                cap_value_t capability;

                if (!name)
                        return -ENOMEM;
                for (char *p = name; *p; p++)
                        *p = (char) tolower((unsigned char) *p);
                /* cap_from_name(3) would stop at a comma. */
                if (!string_in_charset(name, LOWERCASE DIGITS "_") || cap_from_name(name, &capability) < 0)
                        return -EINVAL;
                mask |= UINT64_C(1) << capability;
        }
        return m ? sd_bus_message_append(m, "(sv)", row->name, "t", mask) : 0;
}

/* Exit statuses (numbers) and names of signals, separated by spaces. */
static int append_exit_status(sd_bus_message *m, const PropertyRow *row, const char *value)
{
        _cleanup_strv_free_ char **words = NULL;
        _cleanup_free_ int32_t *codes = NULL, *signals = NULL;
        size_t n_codes = 0, n_signals = 0;
        int r;

        r = strv_split(value, ' ', &words);
        if (r < 0)
                return r;
        codes = new0(int32_t, strv_length(words) + 1);
        signals = new0(int32_t, strv_length(words) + 1);
        if (!codes || !signals)
                return -ENOMEM;
        STRV_FOREACH(word, words) {
                uint32_t status;

                r = string_in_charset(*word, DIGITS) ? parse_uint32(*word, &status) : signal_from_string(*word);
                if (r < 0)
                        return r;
                if (r > 0)
                        signals[n_signals++] = r;
                else if (status > 255)
                        return -ERANGE;
                else
                        codes[n_codes++] = (int32_t) status;
        }
        if (n_codes + n_signals == 0)
                return -EINVAL;
        if (!m)
                return 0;
        r = sd_bus_message_open_container(m, 'r', "sv");
        if (r < 0)
                return r;
        r = sd_bus_message_append(m, "s", row->name);
        if (r < 0)
                return r;
        r = sd_bus_message_open_container(m, 'v', "(aiai)");
        if (r < 0)
                return r;
        r = sd_bus_message_open_container(m, 'r', "aiai");
        if (r < 0)
                return r;
        r = sd_bus_message_append_array(m, 'i', codes, n_codes * sizeof(int32_t));
        if (r < 0)
                return r;
        r = sd_bus_message_append_array(m, 'i', signals, n_signals * sizeof(int32_t));
        if (r < 0)
                return r;
        for (size_t i = 0; i < 3; i++) {
                r = sd_bus_message_close_container(m);
                if (r < 0)
                        return r;
        }
        return 0;
}

/* On the bus, "idle" is 0 (systemd.resource-control(5)). */
static int append_cpu_weight(sd_bus_message *m, const PropertyRow *row, const char *value)
{
        return append_uint64(m, row, streq(value, "idle") ? "0" : value);
}

static int append_scheduling_policy(sd_bus_message *m, const PropertyRow *row, const char *value)
{
        static const struct {
                const char *name;
                int32_t policy;
        } policies[] = {
                { "other", SCHED_OTHER }, { "batch", SCHED_BATCH }, { "idle", SCHED_IDLE },
                { "fifo", SCHED_FIFO },   { "rr", SCHED_RR },
        };

        for (size_t i = 0; i < ELEMENTSOF(policies); i++)
                if (streq(policies[i].name, value))
                        return m ? sd_bus_message_append(m, "(sv)", row->name, "i", policies[i].policy) : 0;
        return -EINVAL;
}

static const PropertyRow property_table[] = {
        /* systemd.unit(5) */
        { "Description", append_string, .of_unit = true },
        { "Documentation", append_strv, .of_unit = true },
        { "After", append_strv, .of_unit = true },
        { "Before", append_strv, .of_unit = true },
        { "Wants", append_strv, .of_unit = true },
        { "Requires", append_strv, .of_unit = true },
        { "Requisite", append_strv, .of_unit = true },
        { "BindsTo", append_strv, .of_unit = true },
        { "PartOf", append_strv, .of_unit = true },
        { "Upholds", append_strv, .of_unit = true },
        { "Conflicts", append_strv, .of_unit = true },
        { "OnFailure", append_strv, .of_unit = true },
        { "OnSuccess", append_strv, .of_unit = true },
        { "RequiresMountsFor", append_strv, .of_unit = true },
        { "CollectMode", append_word, .words = "inactive|inactive-or-failed", .of_unit = true },
        { "JobTimeoutSec", append_usec, "JobTimeoutUSec", .of_unit = true },
        { "StartLimitIntervalSec", append_usec, "StartLimitIntervalUSec", .of_unit = true },
        { "StartLimitBurst", append_uint32, .of_unit = true },
        { "AddRef", append_boolean },
        /* systemd.service(5) */
        { "Type", append_word, .words = "simple|exec|forking|oneshot|dbus|notify|notify-reload|idle" },
        { "NotifyAccess", append_word, .words = "none|main|exec|all" },
        { "RemainAfterExit", append_boolean },
        { "Restart", append_word,
          .words = "no|on-success|on-failure|on-abnormal|on-watchdog|on-abort|always" },
        { "RestartSec", append_usec, "RestartUSec" },
        { "TimeoutStartSec", append_usec, "TimeoutStartUSec" },
        { "TimeoutStopSec", append_usec, "TimeoutStopUSec" },
        { "RuntimeMaxSec", append_usec, "RuntimeMaxUSec" },
        { "WatchdogSec", append_usec, "WatchdogUSec" },
        { "LogRateLimitIntervalSec", append_usec, "LogRateLimitIntervalUSec" },
        { "LogRateLimitBurst", append_uint32 },
        { "SuccessExitStatus", append_exit_status },
        { "RestartForceExitStatus", append_exit_status },
        { "RestartPreventExitStatus", append_exit_status },
        { "OOMPolicy", append_word, .words = "continue|stop|kill" },
        /* systemd.kill(5) */
        { "KillMode", append_word, .words = "control-group|process|mixed|none" },
        { "KillSignal", append_signal },
        { "SendSIGKILL", append_boolean },
        /* systemd.exec(5) */
        { "Environment", append_environment },
        { "PassEnvironment", append_strv },
        { "UnsetEnvironment", append_strv },
        { "WorkingDirectory", append_string },
        { "RootDirectory", append_string },
        { "MountAPIVFS", append_boolean },
        { "BindPaths", append_bind },
        { "BindReadOnlyPaths", append_bind },
        { "ProtectControlGroups", append_boolean },
        { "InaccessiblePaths", append_strv },
        { "ReadOnlyPaths", append_strv },
        { "User", append_string },
        { "Group", append_string },
        { "NoNewPrivileges", append_boolean },
        { "CapabilityBoundingSet", append_capabilities },
        { "Nice", append_int },
        { "OOMScoreAdjust", append_int },
        { "CPUSchedulingPolicy", append_scheduling_policy },
        { "SyslogIdentifier", append_string },
        { "StandardInput", append_string },
        { "StandardOutput", append_string },
        { "StandardError", append_string },
        { "TTYPath", append_string },
        { "LimitCPU", append_limit },
        { "LimitFSIZE", append_limit },
        { "LimitDATA", append_limit },
        { "LimitSTACK", append_limit },
        { "LimitCORE", append_limit },
        { "LimitRSS", append_limit },
        { "LimitNOFILE", append_limit },
        { "LimitAS", append_limit },
        { "LimitNPROC", append_limit },
        { "LimitMEMLOCK", append_limit },
        { "LimitLOCKS", append_limit },
        { "LimitSIGPENDING", append_limit },
        { "LimitMSGQUEUE", append_limit },
        { "LimitNICE", append_limit },
        { "LimitRTPRIO", append_limit },
        { "LimitRTTIME", append_limit },
        /* systemd.resource-control(5) */
        { "Slice", append_slice },
        { "Delegate", append_boolean },
        { "CPUAccounting", append_boolean },
        { "CPUQuota", append_quota, "CPUQuotaPerSecUSec" },
        { "CPUWeight", append_cpu_weight },
        { "StartupCPUWeight", append_cpu_weight },
        { "MemoryAccounting", append_boolean },
        { "MemoryMin", append_bytes },
        { "MemoryLow", append_bytes },
        { "MemoryHigh", append_bytes },
        { "MemoryMax", append_bytes },
        { "MemorySwapMax", append_bytes },
        { "TasksAccounting", append_boolean },
        { "TasksMax", append_bytes },
        { "IOAccounting", append_boolean },
        { "IOWeight", append_uint64 },
        { "StartupIOWeight", append_uint64 },
        { "IOReadBandwidthMax", append_device_limit },
        { "IOWriteBandwidthMax", append_device_limit },
        { "IOReadIOPSMax", append_device_limit },
        { "IOWriteIOPSMax", append_device_limit },
        { "IPAccounting", append_boolean },
        { "DevicePolicy", append_word, .words = "auto|closed|strict" },
        { "DeviceAllow", append_device },
        { "ManagedOOMSwap", append_word, .words = "auto|kill" },
        { "ManagedOOMMemoryPressure", append_word, .words = "auto|kill" },
        {},
};

static int find_row(const char *assignment, const PropertyRow **ret_row, const char **ret_value)
{
        size_t n = strcspn(assignment, "=");

        if (!assignment[n])
                return -EINVAL;

        for (const PropertyRow *row = property_table; row->name; row++)
                if (strlen(row->name) == n && strncmp(row->name, assignment, n) == 0) {
                        *ret_row = row;
                        *ret_value = assignment + n + 1;
                        return 0;
                }
        return -EOPNOTSUPP;
}

static bool has_control(const char *text)
{
        for (; *text; text++)
                if (((unsigned char) *text < ' ' && *text != '\t') || *text == 127)
                        return true;
        return false;
}

int unit_property_check(const char *assignment, char **reterr_message)
{
        const PropertyRow *row = NULL;
        const char *value = NULL;
        int r;

        r = find_row(assignment, &row, &value);
        if (r == -EOPNOTSUPP)
                return explain(reterr_message, r,
                               "unit property '%.*s' is not supported here; use a drop-in for the unit",
                               (int) strcspn(assignment, "="), assignment);
        if (r < 0)
                return explain(reterr_message, r, "'%s' is not NAME=VALUE", assignment);

        /* No property takes one, and what is sent by D-Bus ends up in a unit file as well. */
        if (has_control(value))
                return explain(reterr_message, EINVAL, "unit property %s is one line, without control characters",
                               row->name);
        r = row->append(NULL, row, value);
        if (r >= 0)
                return 0;
        return row->words ? explain(reterr_message, r, "unit property %s takes one of %s, not '%s'", row->name,
                                    row->words, value)
                          : explain(reterr_message, r, "unit property %s does not take the value '%s'", row->name,
                                    value);
}

int unit_property_append(sd_bus_message *m, const char *assignment)
{
        const PropertyRow *row = NULL;
        const char *value = NULL;
        int r;

        r = find_row(assignment, &row, &value);
        if (r < 0)
                return r;
        return row->append(m, row, value);
}

bool unit_property_is_of_unit(const char *assignment)
{
        const PropertyRow *row;
        const char *value;

        return find_row(assignment, &row, &value) >= 0 && row->of_unit;
}

bool unit_line_is_complete(const char *text)
{
        size_t n = strlen(text), backslashes = 0;

        while (backslashes < n && text[n - 1 - backslashes] == '\\')
                backslashes++;
        return !has_control(text) && backslashes % 2 == 0;
}

int unit_property_line(const char *assignment, char **ret, char **reterr_message)
{
        _cleanup_free_ char *line = malloc(strlen(assignment) * 2 + 1);
        const PropertyRow *row = NULL;
        const char *value;
        char *to = line;
        int r = find_row(assignment, &row, &value);

        if (!line)
                return -ENOMEM;
        if (r < 0)
                return r;
        if (!unit_line_is_complete(assignment))
                return explain(reterr_message, EINVAL, "'%s' cannot be a line of a unit file: it has a line break, or "
                               "ends with a backslash", assignment);
        for (const char *from = assignment; *from; from++) {
                /* A share of the host's memory or processors. */
                if (*from == '%' && row->append != append_bytes && row->append != append_quota)
                        *to++ = '%';
                *to++ = *from;
        }
        *to = 0;
        *ret = TAKE_PTR(line);
        return 0;
}
