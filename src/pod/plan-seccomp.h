/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "pod/plan.h"
#include "shared/seccomp-filter.h"

/* What filter of system calls an app has: of its isolator, else the default of containers, or none where the user gave
 * it up (--insecure-options=seccomp). */

typedef enum PlanFilter {
        PLAN_FILTER_NONE,
        PLAN_FILTER_USUAL, /* the default for the usual capabilities, which is compiled when podctl is built */
        PLAN_FILTER_OWN,
        _PLAN_FILTER_MAX,
} PlanFilter;

PlanFilter plan_filter_kind(const PlanApp *app);

/* Compiles the filter of PLAN_FILTER_OWN; *ret is NULL where it would let everything pass. -EINVAL: the isolator asks
 * for what does not exist. */
int plan_filter_make(const PlanApp *app, scmp_filter_ctx *ret, char **reterr_message);
/* The same for nothing but its errors; the default has none. */
int plan_filter_check(const PlanApp *app, char **reterr_message);
