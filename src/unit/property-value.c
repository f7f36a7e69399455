/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <sched.h>
#include <sys/mount.h>

#include "basic/number-set.h"
#include "basic/parse.h"
#include "basic/path.h"
#include "basic/signal-util.h"
#include "basic/strv.h"
#include "shared/capability-name.h"
#include "unit/property-value.h"

#define UNIT_NAME_MAX 256

const char *property_bus_name(const PropertyRow *row)
{
        return row->bus_name ?: row->name;
}

int property_value_string(sd_bus_message *m, const PropertyRow *row, const char *value)
{
        return m ? sd_bus_message_append(m, "(sv)", property_bus_name(row), "s", value) : 0;
}

/* In a drop-in, systemd would only warn about any other word, and ignore it. */
int property_value_word(sd_bus_message *m, const PropertyRow *row, const char *value)
{
        _cleanup_strv_free_ char **words = NULL;

        if (strv_split(row->words, '|', &words) < 0)
                return -ENOMEM;
        return strv_contains(words, value) ? property_value_string(m, row, value) : -EINVAL;
}

/* A rough check of the name (systemd.unit(5), systemd.slice(5)). */
static bool is_slice(const char *s)
{
        size_t n = strlen(s), of_suffix = strlen(".slice");

        return n > of_suffix && n < UNIT_NAME_MAX && streq(s + n - of_suffix, ".slice") && !strpbrk(s, "/ \t\n");
}

int property_value_slice(sd_bus_message *m, const PropertyRow *row, const char *value)
{
        return is_slice(value) ? property_value_string(m, row, value) : -EINVAL;
}

int property_value_boolean(sd_bus_message *m, const PropertyRow *row, const char *value)
{
        int b = parse_boolean(value);

        if (b < 0)
                return b;
        return m ? sd_bus_message_append(m, "(sv)", property_bus_name(row), "b", b) : 0;
}

int property_value_int(sd_bus_message *m, const PropertyRow *row, const char *value)
{
        int64_t v;
        int r;

        r = parse_int64(value, &v);
        if (r < 0)
                return r;
        if (v < INT32_MIN || v > INT32_MAX)
                return -ERANGE;
        return m ? sd_bus_message_append(m, "(sv)", property_bus_name(row), "i", (int32_t) v) : 0;
}

int property_value_signal(sd_bus_message *m, const PropertyRow *row, const char *value)
{
        int number = signal_from_string(value);

        if (number < 0)
                return number;
        return m ? sd_bus_message_append(m, "(sv)", property_bus_name(row), "i", number) : 0;
}

int property_value_uint64(sd_bus_message *m, const PropertyRow *row, const char *value)
{
        uint64_t v = UINT64_MAX;
        int r;

        if (!streq(value, "infinity")) {
                r = parse_uint64(value, &v);
                if (r < 0)
                        return r;
        }
        return m ? sd_bus_message_append(m, "(sv)", property_bus_name(row), "t", v) : 0;
}

int property_value_uint32(sd_bus_message *m, const PropertyRow *row, const char *value)
{
        uint32_t v;
        int r = parse_uint32(value, &v);

        return r < 0 || !m ? r : sd_bus_message_append(m, "(sv)", property_bus_name(row), "u", v);
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
int property_value_bytes(sd_bus_message *m, const PropertyRow *row, const char *value)
{
        _cleanup_free_ char *digits = strdup(value), *scaled = NULL;
        uint64_t v;
        int r;

        if (!digits)
                return -ENOMEM;
        if (!endswith(value, "%")) {
                r = parse_scaled(value, 1024, &v);
                return r < 0 ? r : m ? sd_bus_message_append(m, "(sv)", property_bus_name(row), "t", v) : 0;
        }
        digits[strlen(digits) - 1] = 0;
        r = parse_uint64(digits, &v);
        if (r < 0)
                return r;
        if (v > 100)
                return -ERANGE;
        scaled = strprintf("%sScale", property_bus_name(row));
        if (!scaled)
                return -ENOMEM;
        return m ? sd_bus_message_append(m, "(sv)", scaled, "u", (uint32_t) (v * UINT32_MAX / 100)) : 0;
}

int property_value_usec(sd_bus_message *m, const PropertyRow *row, const char *value)
{
        uint64_t usec;
        int r;

        r = parse_time_span(value, &usec);
        if (r < 0)
                return r;
        return m ? sd_bus_message_append(m, "(sv)", property_bus_name(row), "t", usec) : 0;
}

/* "12", "1.5" or "0.25", in hundredths. */
static int parse_hundredths(const char *value, uint64_t *ret)
{
        const char *point = strchr(value, '.');
        const size_t places = point ? strlen(point + 1) : 0;
        _cleanup_free_ char *digits = NULL;

        if (point && (point == value || places < 1 || places > 2))
                return -EINVAL;
        digits = strprintf("%.*s%s%s", (int) (point ? point - value : (ptrdiff_t) strlen(value)), value,
                           point ? point + 1 : "", &"00"[places]);
        return digits ? parse_uint64(digits, ret) : -ENOMEM;
}

/* "150%" of one CPU, as microseconds of CPU time per second; with up to two places after the point, as in systemd. */
int property_value_quota(sd_bus_message *m, const PropertyRow *row, const char *value)
{
        _cleanup_free_ char *digits = strdup(value);
        uint64_t hundredths;
        int r;

        if (!digits)
                return -ENOMEM;
        if (isempty(value) || streq(value, "infinity"))
                return m ? sd_bus_message_append(m, "(sv)", property_bus_name(row), "t", UINT64_MAX) : 0;
        if (!endswith(value, "%"))
                return -EINVAL;

        digits[strlen(digits) - 1] = 0;
        r = parse_hundredths(digits, &hundredths);
        if (r < 0)
                return r;
        if (hundredths == 0 || hundredths > UINT64_MAX / 100)
                return -ERANGE;
        return m ? sd_bus_message_append(m, "(sv)", property_bus_name(row), "t", hundredths * 100) : 0;
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

int property_value_strv(sd_bus_message *m, const PropertyRow *row, const char *value)
{
        _cleanup_strv_free_ char **words = NULL;
        int r;

        r = strv_split(value, ' ', &words);
        return r < 0 ? r : append_words(m, property_bus_name(row), words);
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
int property_value_environment(sd_bus_message *m, const PropertyRow *row, const char *value)
{
        _cleanup_strv_free_ char **words = NULL;
        bool several = split_quoted(value, &words) >= 0 && strv_length(words) > 0;

        STRV_FOREACH(word, words)
                several = several && is_assignment(*word);
        if (several)
                return append_words(m, property_bus_name(row), words);
        if (!is_assignment(value))
                return -EINVAL;
        return m ? sd_bus_message_append(m, "(sv)", property_bus_name(row), "as", 1, value) : 0;
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
int property_value_limit(sd_bus_message *m, const PropertyRow *row, const char *value)
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
int property_value_device(sd_bus_message *m, const PropertyRow *row, const char *value)
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
int property_value_device_limit(sd_bus_message *m, const PropertyRow *row, const char *value)
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

/* SOURCE[:TARGET]. Includes mounts below the source, as in unit files. */
int property_value_bind(sd_bus_message *m, const PropertyRow *row, const char *value)
{
        _cleanup_free_ char *source = NULL, *target = NULL;
        int r;

        r = split_pair(value, ':', &source, &target);
        if (r < 0)
                return r;
        if (!path_is_absolute(source) || !path_is_absolute(target ?: source))
                return -EINVAL;
        return m ? sd_bus_message_append(m, "(sv)", row->name, "a(ssbt)", 1, source, target ?: source, (int) false,
                                         (uint64_t) MS_REC) : 0;
}

/* Converts names of capabilities into a mask. */
int property_value_capabilities(sd_bus_message *m, const PropertyRow *row, const char *value)
{
        _cleanup_strv_free_ char **words = NULL;
        uint64_t mask = 0;
        int r;

        r = strv_split(value, ' ', &words);
        if (r < 0)
                return r;

        STRV_FOREACH(word, words) {
                cap_value_t capability;

                r = capability_from_name(*word, &capability);
                if (r < 0)
                        return r;
                mask |= UINT64_C(1) << capability;
        }
        return m ? sd_bus_message_append(m, "(sv)", row->name, "t", mask) : 0;
}

/* Exit statuses (numbers) and names of signals, separated by spaces. */
int property_value_exit_status(sd_bus_message *m, const PropertyRow *row, const char *value)
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
int property_value_cpu_weight(sd_bus_message *m, const PropertyRow *row, const char *value)
{
        return property_value_uint64(m, row, streq(value, "idle") ? "0" : value);
}

int property_value_set(sd_bus_message *m, const PropertyRow *row, const char *value)
{
        NumberSet set;
        int r = number_set_parse(value, &set);

        if (r < 0 || !m)
                return r;
        r = sd_bus_message_open_container(m, 'r', "sv");
        if (r >= 0)
                r = sd_bus_message_append(m, "s", row->name);
        if (r >= 0)
                r = sd_bus_message_open_container(m, 'v', "ay");
        if (r >= 0)
                r = sd_bus_message_append_array(m, 'y', set.bits, set.n_bytes);
        if (r >= 0)
                r = sd_bus_message_close_container(m);
        return r < 0 ? r : sd_bus_message_close_container(m);
}

int property_value_scheduling_policy(sd_bus_message *m, const PropertyRow *row, const char *value)
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
