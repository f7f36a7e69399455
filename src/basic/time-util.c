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
        /* timegm() normalises fields that are out of range: if it had to change one, it was not a date. A leap second
         * is allowed. */
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
