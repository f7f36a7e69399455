/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "basic/parse.h"
#include "basic/string-util.h"
#include "basic/time-util.h"

uint64_t timespec_to_nsec(const struct timespec *ts)
{
        return (uint64_t) ts->tv_sec * NSEC_PER_SEC + (uint64_t) ts->tv_nsec;
}

uint64_t now_nsec(void)
{
        struct timespec ts;

        (void) clock_gettime(CLOCK_REALTIME, &ts);
        return timespec_to_nsec(&ts);
}

uint64_t now_monotonic_usec(void)
{
        struct timespec ts;

        (void) clock_gettime(CLOCK_MONOTONIC, &ts);
        return timespec_to_nsec(&ts) / NSEC_PER_USEC;
}

static int parse_zone(const char *s, int *ret_seconds)
{
        int hours, minutes, n = 0;

        if ((*s == 'Z' || *s == 'z') && !s[1]) {
                *ret_seconds = 0;
                return 0;
        }

        if ((*s != '+' && *s != '-') || !isdigit((unsigned char) s[1]) ||
            sscanf(s + 1, "%2d:%2d%n", &hours, &minutes, &n) != 2 || n != 5 || s[6] || hours > 23 ||
            minutes > 59)
                return -EINVAL;

        *ret_seconds = (hours * 60 + minutes) * 60 * (*s == '-' ? -1 : 1);
        return 0;
}

int parse_timestamp(const char *s, uint64_t *ret_nsec)
{
        static const char shape[] = "dddd-dd-ddTdd:dd:dd";
        uint64_t fraction = 0, scale = NSEC_PER_SEC / 10;
        struct tm tm = {}, check;
        int zone, r;
        time_t t;

        for (size_t i = 0; shape[i]; i++)
                if (shape[i] == 'd' ? !isdigit((unsigned char) s[i]) : toupper((unsigned char) s[i]) != shape[i])
                        return -EINVAL;

        (void) sscanf(s, "%4d-%2d-%2d%*c%2d:%2d:%2d", &tm.tm_year, &tm.tm_mon, &tm.tm_mday, &tm.tm_hour,
                      &tm.tm_min, &tm.tm_sec);
        tm.tm_year -= 1900;
        tm.tm_mon -= 1;
        check = tm;
        t = timegm(&check);
        /* timegm() normalises what is out of range: what it had to change was not a date. A leap second is. */
        if (tm.tm_sec != 60 && (check.tm_mday != tm.tm_mday || check.tm_mon != tm.tm_mon ||
                                check.tm_hour != tm.tm_hour || check.tm_min != tm.tm_min))
                return -EINVAL;

        s += sizeof(shape) - 1;
        if (*s == '.') {
                if (!isdigit((unsigned char) *++s))
                        return -EINVAL;
                for (; isdigit((unsigned char) *s); s++, scale /= 10)
                        fraction += (uint64_t) (*s - '0') * scale;
        }

        r = parse_zone(s, &zone);
        if (r < 0)
                return r;

        t -= zone;
        *ret_nsec = t < 0 ? 0 : (uint64_t) t * NSEC_PER_SEC + fraction;
        return 0;
}

/* A date or a time of day, or both; what is not said is today's, or zero. */
static int parse_local_time(const char *s, time_t now, time_t *ret)
{
        static const struct {
                const char *format;
                bool date, time;
        } forms[] = {
                { "%Y-%m-%d %H:%M:%S", true, true }, { "%Y-%m-%d %H:%M", true, true }, { "%Y-%m-%d", true, false },
                { "%H:%M:%S", false, true },         { "%H:%M", false, true },
        };

        for (size_t i = 0; i < ELEMENTSOF(forms); i++) {
                struct tm tm = {}, today;
                const char *end;

                if (!localtime_r(&now, &today))
                        return -EINVAL;
                if (!forms[i].date)
                        tm = (struct tm) { .tm_year = today.tm_year, .tm_mon = today.tm_mon, .tm_mday = today.tm_mday };
                end = strptime(s, forms[i].format, &tm);
                if (!end || *end)
                        continue;
                tm.tm_isdst = -1;
                *ret = mktime(&tm);
                return *ret < 0 ? -EINVAL : 0;
        }
        return -EINVAL;
}

/* Midnight, so many days ago. */
static int day_begin(time_t now, int days_ago, uint64_t *ret_usec)
{
        struct tm tm;
        time_t t;

        if (!localtime_r(&now, &tm))
                return -EINVAL;
        tm = (struct tm) {
                .tm_year = tm.tm_year, .tm_mon = tm.tm_mon, .tm_mday = tm.tm_mday - days_ago, .tm_isdst = -1,
        };
        t = mktime(&tm);
        if (t < 0)
                return -EINVAL;
        *ret_usec = (uint64_t) t * USEC_PER_SEC;
        return 0;
}

static int parse_ago(const char *s, size_t n, uint64_t now_usec, uint64_t *ret_usec)
{
        char text[64];
        uint64_t ago;
        int r;

        if (n >= sizeof(text))
                return -EINVAL;
        memcpy(text, s, n);
        text[n] = 0;
        r = parse_duration(text, &ago);
        if (r >= 0)
                *ret_usec = ago > now_usec ? 0 : now_usec - ago;
        return r < 0 ? -EINVAL : 0;
}

int parse_point_in_time(const char *s, uint64_t now_usec, uint64_t *ret_usec)
{
        const char *ago = endswith(s, " ago");
        const time_t now = (time_t) (now_usec / USEC_PER_SEC);
        uint64_t n;
        time_t t;
        int r;

        if (streq(s, "now")) {
                *ret_usec = now_usec;
                return 0;
        }
        if (streq(s, "today") || streq(s, "yesterday"))
                return day_begin(now, *s == 'y', ret_usec);
        if (ago)
                return parse_ago(s, (size_t) (ago - s), now_usec, ret_usec);
        if (*s == '-')
                return parse_ago(s + 1, strlen(s + 1), now_usec, ret_usec);
        if (*s == '@') {
                if (parse_uint64(s + 1, &n) < 0 || __builtin_mul_overflow(n, USEC_PER_SEC, ret_usec))
                        return -EINVAL;
                return 0;
        }
        if (parse_timestamp(s, &n) >= 0) {
                *ret_usec = n / 1000;
                return 0;
        }
        r = parse_local_time(s, now, &t);
        if (r < 0)
                return r;
        *ret_usec = (uint64_t) t * USEC_PER_SEC;
        return r;
}

const char *format_time_ago(uint64_t nsec, uint64_t now, char buffer[static TIME_STRING_MAX])
{
        static const struct {
                uint64_t seconds;
                const char *name;
        } units[] = {
                { 365 * 86400, "year" }, { 30 * 86400, "month" }, { 7 * 86400, "week" }, { 86400, "day" },
                { 3600, "hour" },        { 60, "minute" },        { 1, "second" },
        };
        uint64_t age = now > nsec ? (now - nsec) / NSEC_PER_SEC : 0;

        for (size_t i = 0; i < ELEMENTSOF(units); i++) {
                uint64_t n = age / units[i].seconds;

                if (n == 0)
                        continue;
                (void) snprintf(buffer, TIME_STRING_MAX, "%llu %s%s ago", (unsigned long long) n, units[i].name,
                                n == 1 ? "" : "s");
                return buffer;
        }

        (void) strcpy(buffer, "now");
        return buffer;
}

const char *format_time_full(uint64_t nsec, char buffer[static TIME_STRING_MAX])
{
        time_t t = (time_t) (nsec / NSEC_PER_SEC);
        char day[32], zone[16];
        struct tm tm;

        (void) localtime_r(&t, &tm);
        (void) strftime(day, sizeof(day), "%Y-%m-%d %H:%M:%S", &tm);
        (void) strftime(zone, sizeof(zone), "%z %Z", &tm);
        (void) snprintf(buffer, TIME_STRING_MAX, "%s.%03u %s", day, (unsigned) (nsec % NSEC_PER_SEC / 1000000),
                        zone);
        return buffer;
}
