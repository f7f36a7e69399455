/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/string-util.h"

/* A schedule in cron's notation, as Kubernetes reads that ("CronJob", .spec.schedule): five fields (minute, hour, day
 * of month, month, day of week) or a name such as @hourly. */

/* The values of OnCalendar=, one or two, that elapse at the same times; zone may be NULL: the host's. -EINVAL: it is
 * not valid, and *reterr_why, to be freed, has the reason. */
int kube_schedule_to_calendars(const char *schedule, const char *zone, char ***ret, char **reterr_why);

/* Whether it may be the name of a time zone; it need not exist. */
bool kube_zone_is_valid(const char *zone);
