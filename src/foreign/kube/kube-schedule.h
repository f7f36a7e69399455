/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <time.h>

#include "basic/string-util.h"

/* A schedule in cron's notation, as Kubernetes reads that ("CronJob", .spec.schedule): five fields (minute, hour, day
 * of month, month, day of week) or a name such as @hourly. */

/* The values of OnCalendar=, one or two, that elapse at the same times; zone may be NULL: the host's. -EINVAL: it is
 * not valid, and *reterr_why, to be freed, has the reason. */
int kube_schedule_to_calendars(const char *schedule, const char *zone, char ***ret, char **reterr_why);

/* Whether there was such a time among the last seconds, now included, in this process's time zone. The schedule is
 * valid. */
bool kube_schedule_was_due(const char *schedule, time_t now, uint64_t seconds);

/* Whether it may be the name of a time zone; it need not exist. */
bool kube_zone_is_valid(const char *zone);
