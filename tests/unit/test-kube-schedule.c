/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <criterion/criterion.h>

#include "basic/alloc.h"
#include "basic/strv.h"
#include "foreign/kube/kube-schedule.h"

Test(kube_schedule, calendars)
{
        static const struct {
                const char *schedule, *zone, *calendars; /* joined by '|' */
        } cases[] = {
                { "* * * * *", NULL, "*-*-* *:*:00" },
                { "5 4 * * *", NULL, "*-*-* 04:05:00" },
                { "  5\t4 * *  * ", NULL, "*-*-* 04:05:00" },
                { "0 3 * * *", "Europe/Berlin", "*-*-* 03:00:00 Europe/Berlin" },
                { "*/15 8-18 * * MON-fri", NULL, "Mon,Tue,Wed,Thu,Fri *-*-* 08..18:00,15,30,45:00" },
                { "0 0 1,15 jan-Mar,12 ?", NULL, "*-01..03,12-01,15 00:00:00" },
                { "0 0-1 * * 0", NULL, "Sun *-*-* 00,01:00:00" },
                { "7/20 * * * *", NULL, "*-*-* *:07,27,47:00" },
                { "10-20/5 * * * *", NULL, "*-*-* *:10,15,20:00" },
                { "*/4294967295 * * * *", NULL, "*-*-* *:00:00" },
                { "0-59 0-23 1-31 1-12 *", NULL, "*-*-* *:*:00" },
                { "@hourly", NULL, "*-*-* *:00:00" },
                { "@daily", "UTC", "*-*-* 00:00:00 UTC" },
                { "@weekly", NULL, "Sun *-*-* 00:00:00" },
                { "@monthly", NULL, "*-*-01 00:00:00" },
                { "@yearly", NULL, "*-01-01 00:00:00" },
                /* Either day is enough, unless one of them is left open. */
                { "0 0 13 * fri", NULL, "*-*-13 00:00:00|Fri *-*-* 00:00:00" },
                { "0 0 */10 * fri", NULL, "*-*-01,11,21,31 00:00:00|Fri *-*-* 00:00:00" },
                { "0 0 */1 * fri", NULL, "Fri *-*-* 00:00:00" },
                { "0 0 13 * *", NULL, "*-*-13 00:00:00" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_strv_free_ char **calendars = NULL;
                _cleanup_free_ char *why = NULL, *joined = NULL;

                cr_assert(kube_schedule_to_calendars(cases[i].schedule, cases[i].zone, &calendars, &why) >= 0, "%s: %s",
                          cases[i].schedule, why);
                joined = strv_join(calendars, "|");
                cr_expect_str_eq(joined, cases[i].calendars, "%s: %s", cases[i].schedule, joined);
        }
}

Test(kube_schedule, was_due)
{
        static const struct {
                const char *schedule, *zone;
                uint64_t seconds;
                bool due;
        } cases[] = {
                { "30 10 * * *", "UTC", 0, false },
                { "30 10 * * *", "UTC", 6, false },
                { "30 10 * * *", "UTC", 7, true },
                { "30 11 * * *", "Europe/Berlin", 7, true },
                { "30 10 * * *", "Europe/Berlin", 3600, false },
                { "31 10 * * *", "UTC", 86000, false },
                { "31 10 * * *", "UTC", 86400, true },
                /* A Friday, the 27th: either day is enough. */
                { "30 10 1 * fri", "UTC", 60, true },
                { "30 10 27 * mon", "UTC", 60, true },
                { "30 10 1 * mon", "UTC", 60, false },
                { "30 10 * * mon", "UTC", 60, false },
                { "30 10 * 12 *", "UTC", 60, false },
                { "0 0 29 2 *", "UTC", UINT64_MAX, true },
                { "0 0 30 2 *", "UTC", 100 * 86400, false },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                (void) setenv("TZ", cases[i].zone, 1);
                tzset();
                /* 2026-11-27 10:30:07 UTC */
                cr_expect_eq(kube_schedule_was_due(cases[i].schedule, 1795775407, cases[i].seconds), cases[i].due, "%s",
                             cases[i].schedule);
        }
}

Test(kube_schedule, refused)
{
        static const struct {
                const char *schedule, *why;
        } cases[] = {
                { "", "five fields" },
                { "* * * *", "five fields" },
                { "* * * * * *", "five fields" },
                { "@reboot", "five fields" },
                { "@every 1h", "a calendar knows no intervals" },
                { "TZ=UTC * * * * *", "as timeZone" },
                { "60 * * * *", "'60' is not a valid minute: it goes from 0 to 59" },
                { "* 24 * * *", "'24' is not a valid hour: it goes from 0 to 23" },
                { "* * 0 * *", "'0' is not a valid day of month: it goes from 1 to 31" },
                { "* * * 13 *", "'13' is not a valid month: it goes from 1 to 12" },
                { "* * * * 7", "'7' is not a valid day of week: it goes from 0 to 6" },
                { "5-3 * * * *", "'5-3' is not a valid minute" },
                { "*/0 * * * *", "'*/0' is not a valid minute" },
                { "1-2-3 * * * *", "'1-2-3' is not a valid minute" },
                { "1/2/3 * * * *", "'1/2/3' is not a valid minute" },
                { "*-3 * * * *", "'*-3' is not a valid minute" },
                { ", * * * *", "',' is not a valid minute" },
                { "-1 * * * *", "'-1' is not a valid minute" },
                { "jan * * * *", "'jan' is not a valid minute" },
                { "* * * monday *", "'monday' is not a valid month" },
                { "* * L * *", "'L' is not a valid day of month" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_strv_free_ char **calendars = NULL;
                _cleanup_free_ char *why = NULL;

                cr_expect_eq(kube_schedule_to_calendars(cases[i].schedule, NULL, &calendars, &why), -EINVAL, "%s",
                             cases[i].schedule);
                cr_expect(why && strstr(why, cases[i].why), "%s: %s", cases[i].schedule, why);
        }
}

Test(kube_schedule, zones)
{
        cr_expect(kube_zone_is_valid("UTC"));
        cr_expect(kube_zone_is_valid("America/Argentina/Buenos_Aires"));
        cr_expect(kube_zone_is_valid("Etc/GMT+1"));
        cr_expect_not(kube_zone_is_valid(""));
        cr_expect_not(kube_zone_is_valid("../UTC"));
        cr_expect_not(kube_zone_is_valid("/UTC"));
        cr_expect_not(kube_zone_is_valid("UTC\nOnBootSec=1"));
}
