/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <ctype.h>

#include "basic/parse.h"
#include "basic/strv.h"
#include "foreign/kube/kube-schedule.h"

typedef enum CronField {
        CRON_MINUTE,
        CRON_HOUR,
        CRON_DAY,
        CRON_MONTH,
        CRON_WEEKDAY,
        _CRON_FIELD_MAX,
} CronField;

static const char *const months[] = { "jan", "feb", "mar", "apr", "may", "jun",
                                      "jul", "aug", "sep", "oct", "nov", "dec", NULL };
static const char *const weekdays[] = { "sun", "mon", "tue", "wed", "thu", "fri", "sat", NULL };

static const struct FieldType {
        const char *name;
        uint32_t min, max;
        const char *const *words;       /* the first stands for min */
} types[_CRON_FIELD_MAX] = {
        [CRON_MINUTE] = { "minute", 0, 59, NULL },
        [CRON_HOUR] = { "hour", 0, 23, NULL },
        [CRON_DAY] = { "day of month", 1, 31, NULL },
        [CRON_MONTH] = { "month", 1, 12, months },
        [CRON_WEEKDAY] = { "day of week", 0, 6, weekdays },
};

/* What a field selects, a bit for each number; star: it leaves the choice to the other fields. */
typedef struct Selection {
        uint64_t bits;
        bool star;
} Selection;

static const struct {
        const char *name, *fields;
} named[] = {
        { "@yearly", "0 0 1 1 *" }, { "@annually", "0 0 1 1 *" }, { "@monthly", "0 0 1 * *" },
        { "@weekly", "0 0 * * 0" }, { "@daily", "0 0 * * *" },    { "@midnight", "0 0 * * *" },
        { "@hourly", "0 * * * *" },
};

/* Reading */

static int read_number(const struct FieldType *type, const char *text, uint32_t *ret)
{
        for (uint32_t i = 0; type->words && type->words[i]; i++)
                if (strcasecmp(type->words[i], text) == 0) {
                        *ret = type->min + i;
                        return 0;
                }
        return parse_uint32(text, ret);
}

/* "*", "3", "3-5", each maybe with "/2". A number with a step is the first of all up to the last. */
static int read_range(const struct FieldType *type, char *text, Selection *s)
{
        char *step_text = strchr(text, '/'), *last_text;
        uint32_t first = type->min, last = type->max, step = 1;
        bool star;

        if (step_text)
                *step_text++ = 0;
        star = streq(text, "*") || streq(text, "?");
        last_text = star ? NULL : strchr(text, '-');
        if (last_text)
                *last_text++ = 0;
        if (step_text && (parse_uint32(step_text, &step) < 0 || step == 0))
                return -EINVAL;
        if (!star && read_number(type, text, &first) < 0)
                return -EINVAL;
        if (last_text && read_number(type, last_text, &last) < 0)
                return -EINVAL;
        if (!star && !last_text && !step_text)
                last = first;
        if (first < type->min || last > type->max || first > last)
                return -ERANGE;
        for (uint32_t i = first; i <= last; i += MIN(step, type->max + 1))
                s->bits |= UINT64_C(1) << i;
        s->star = s->star || (star && step == 1);
        return 0;
}

static int read_field(const struct FieldType *type, const char *text, Selection *ret, char **reterr_why)
{
        _cleanup_strv_free_ char **ranges = NULL;
        int r = strv_split(text, ',', &ranges);

        if (r < 0)
                return r;
        STRV_FOREACH(range, ranges) {
                r = read_range(type, *range, ret);
                if (r < 0)
                        break;
        }
        if (r >= 0 && ret->bits != 0)
                return 0;
        *reterr_why = r == -ERANGE ? strprintf("'%s' is not a valid %s: it goes from %u to %u", text, type->name,
                                               type->min, type->max)
                                   : strprintf("'%s' is not a valid %s", text, type->name);
        return *reterr_why ? -EINVAL : -ENOMEM;
}

static int split_fields(const char *schedule, char ***ret)
{
        _cleanup_strv_free_ char **fields = NULL;

        for (const char *p = schedule; *p;) {
                size_t n = strcspn(p, " \t");
                _cleanup_free_ char *field = strndup(p, n);

                if (!field || (n > 0 && strv_extend(&fields, field) < 0))
                        return -ENOMEM;
                p += n + strspn(p + n, " \t");
        }
        *ret = TAKE_PTR(fields);
        return 0;
}

/* What Kubernetes takes, or took once, and no calendar can say. */
static const struct {
        const char *prefix, *why;
} unlike_cron[] = {
        { "@every", "a calendar knows no intervals; write five fields, such as */5 * * * *" },
        { "TZ=", "write the time zone as timeZone" },
        { "CRON_TZ=", "write the time zone as timeZone" },
};

static char *why_no_schedule(const char *schedule)
{
        for (size_t i = 0; i < ELEMENTSOF(unlike_cron); i++)
                if (startswith(schedule, unlike_cron[i].prefix))
                        return strprintf("not supported: '%s': %s", schedule, unlike_cron[i].why);
        return strprintf("'%s' is not a valid schedule: five fields, or @hourly and the like", schedule);
}

static int read_schedule(const char *schedule, Selection s[static _CRON_FIELD_MAX], char **reterr_why)
{
        _cleanup_strv_free_ char **fields = NULL;
        int r;

        for (size_t i = 0; i < ELEMENTSOF(named); i++)
                if (streq(named[i].name, schedule))
                        schedule = named[i].fields;
        r = split_fields(schedule, &fields);
        if (r < 0)
                return r;
        if (strv_length(fields) != _CRON_FIELD_MAX) {
                *reterr_why = why_no_schedule(schedule);
                return *reterr_why ? -EINVAL : -ENOMEM;
        }
        for (CronField f = 0; r >= 0 && f < _CRON_FIELD_MAX; f++)
                r = read_field(&types[f], fields[f], &s[f], reterr_why);
        return r;
}

/* Writing */

static uint64_t all_of(const struct FieldType *type)
{
        return (UINT64_C(2) << type->max) - (UINT64_C(1) << type->min);
}

/* The end of the run of bits that begins at i. */
static uint32_t run_end(uint64_t bits, uint32_t i)
{
        while (bits >> (i + 1) & 1)
                i++;
        return i;
}

static int format_numbers(const struct FieldType *type, uint64_t bits, char **ret)
{
        _cleanup_strv_free_ char **parts = NULL;
        int r = bits == all_of(type) ? strv_extend(&parts, "*") : 0;

        for (uint32_t i = type->min; r >= 0 && bits != all_of(type) && i <= type->max; i++) {
                uint32_t end;

                if (!(bits >> i & 1))
                        continue;
                end = run_end(bits, i);
                r = end > i + 1 ? strv_extendf(&parts, "%02u..%02u", i, end) : strv_extendf(&parts, "%02u", i);
                i = end > i + 1 ? end : i;
        }
        *ret = r < 0 ? NULL : strv_join(parts, ",");
        return *ret ? 0 : -ENOMEM;
}

/* "Mon,Fri ", or nothing where all are meant. */
static int format_weekdays(uint64_t bits, char **ret)
{
        const struct FieldType *type = &types[CRON_WEEKDAY];
        _cleanup_strv_free_ char **parts = NULL;
        _cleanup_free_ char *names = NULL;

        for (uint32_t i = type->min; bits != all_of(type) && i <= type->max; i++)
                if ((bits >> i & 1) &&
                    strv_extendf(&parts, "%c%s", toupper(weekdays[i][0]), weekdays[i] + 1) < 0)
                        return -ENOMEM;
        names = parts ? strv_join(parts, ",") : NULL;
        *ret = !parts ? strdup("") : names ? strjoin(names, " ") : NULL;
        return *ret ? 0 : -ENOMEM;
}

static int add_calendar(const Selection s[static _CRON_FIELD_MAX], uint64_t days, uint64_t of_week, const char *zone,
                        char ***calendars)
{
        _cleanup_free_ char *minute = NULL, *hour = NULL, *day = NULL, *month = NULL, *names = NULL;

        if (format_numbers(&types[CRON_MINUTE], s[CRON_MINUTE].bits, &minute) < 0 ||
            format_numbers(&types[CRON_HOUR], s[CRON_HOUR].bits, &hour) < 0 ||
            format_numbers(&types[CRON_DAY], days, &day) < 0 ||
            format_numbers(&types[CRON_MONTH], s[CRON_MONTH].bits, &month) < 0 ||
            format_weekdays(of_week, &names) < 0)
                return -ENOMEM;
        return strv_extendf(calendars, "%s*-%s-%s %s:%s:00%s%s", names, month, day, hour, minute, zone ? " " : "",
                            strempty(zone));
}

/* If both kinds of days are chosen, one of them is enough; systemd wants both, so each gets a line. */
int kube_schedule_to_calendars(const char *schedule, const char *zone, char ***ret, char **reterr_why)
{
        Selection s[_CRON_FIELD_MAX] = {};
        _cleanup_strv_free_ char **calendars = NULL;
        const Selection *day = &s[CRON_DAY], *weekday = &s[CRON_WEEKDAY];
        int r = read_schedule(schedule, s, reterr_why);

        if (r < 0)
                return r;
        if (day->star || weekday->star)
                r = add_calendar(s, day->bits, weekday->bits, zone, &calendars);
        else {
                r = add_calendar(s, day->bits, all_of(&types[CRON_WEEKDAY]), zone, &calendars);
                if (r >= 0)
                        r = add_calendar(s, all_of(&types[CRON_DAY]), weekday->bits, zone, &calendars);
        }
        if (r < 0)
                return r;
        *ret = TAKE_PTR(calendars);
        return 0;
}

/* Times */

#define MINUTE 60

static bool selects(const Selection *s, int n)
{
        return s->bits >> n & 1;
}

static bool is_due(const Selection s[static _CRON_FIELD_MAX], time_t minute)
{
        const Selection *day = &s[CRON_DAY], *weekday = &s[CRON_WEEKDAY];
        struct tm tm;
        bool on_day, on_weekday;

        if (!localtime_r(&minute, &tm))
                return false;
        on_day = selects(day, tm.tm_mday);
        on_weekday = selects(weekday, tm.tm_wday);
        return selects(&s[CRON_MINUTE], tm.tm_min) && selects(&s[CRON_HOUR], tm.tm_hour) &&
               selects(&s[CRON_MONTH], tm.tm_mon + 1) &&
               (day->star || weekday->star ? on_day && on_weekday : on_day || on_weekday);
}

/* Every schedule that has a time at all has one in eight years: 29 February is not in each fourth of them. */
#define SECONDS_MAX (UINT64_C(8) * 366 * 24 * 60 * MINUTE)

bool kube_schedule_was_due(const char *schedule, time_t now, uint64_t seconds)
{
        const time_t first = now - (time_t) MIN(seconds, SECONDS_MAX);
        Selection s[_CRON_FIELD_MAX] = {};
        _cleanup_free_ char *why = NULL;

        if (read_schedule(schedule, s, &why) < 0)
                return false;
        for (time_t minute = now - now % MINUTE; minute >= first; minute -= MINUTE)
                if (is_due(s, minute))
                        return true;
        return false;
}

bool kube_zone_is_valid(const char *zone)
{
        for (const char *p = zone; *p; p++)
                if (!isalnum((unsigned char) *p) && !strchr("_+-/", *p))
                        return false;
        return *zone && *zone != '/' && !endswith(zone, "/") && !strstr(zone, "//");
}
