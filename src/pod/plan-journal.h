/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/string-table.h"
#include "manifest/appc-pod.h"

/* The limits of a pod's journal, from the annotations podctl/journal-size and podctl/journal-age of its manifest. The
 * oldest entries are removed first. */

/* Which journals have what the apps write. */
typedef enum PlanLog {
        PLAN_LOG_BOTH,
        PLAN_LOG_POD,
        PLAN_LOG_HOST,
        PLAN_LOG_NONE,
        _PLAN_LOG_MAX,
        _PLAN_LOG_INVALID = -EINVAL,
} PlanLog;

DECLARE_STRING_TABLE(plan_log, PlanLog);
#define PLAN_LOG_WORDS "both|pod|host|none"

typedef struct PlanJournal {
        uint64_t max_bytes;
        uint64_t max_age_usec;  /* 0: unlimited */
} PlanJournal;

int plan_journal_size(const char *text, uint64_t *ret);
int plan_journal_age(const char *text, uint64_t *ret_usec);

/* -EINVAL, with a message that names the annotation. */
int plan_journal(const AppcPod *manifest, PlanJournal *ret, char **reterr_message);
