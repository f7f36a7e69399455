/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "pod/plan.h"
#include "shared/seccomp-filter.h"

/* The system call filter of an app: that of its isolator, else the default for containers, or none if the user disabled
 * it (--insecure-options=seccomp). */

typedef enum PlanFilter {
        PLAN_FILTER_NONE,
        PLAN_FILTER_USUAL, /* the default for the usual capabilities, which is compiled when podctl is built */
        PLAN_FILTER_OWN,
        _PLAN_FILTER_MAX,
} PlanFilter;

PlanFilter plan_filter_kind(const PlanApp *app);

/* Compiles the filter of PLAN_FILTER_OWN; *ret is NULL if it would allow everything. -EINVAL: the isolator names
 * something that does not exist. */
int plan_filter_make(const PlanApp *app, scmp_filter_ctx *ret, char **reterr_message);
/* Does the same only to find errors; the default filter has none. */
int plan_filter_check(const PlanApp *app, char **reterr_message);
