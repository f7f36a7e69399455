/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/parse.h"
#include "pod/plan-journal.h"
#include "shared/explain.h"

#define SIZE "podctl/journal-size"
#define AGE "podctl/journal-age"

/* Journals are kept until their pods are collected: enough for days of usual output. */
#define DEFAULT_BYTES (256ULL << 20)
/* journald's minimum: a journal file has at least 512K, and two are needed. */
#define MIN_BYTES (1ULL << 20)

int plan_journal_size(const char *text, uint64_t *ret)
{
        return parse_size(text, ret) < 0 || *ret < MIN_BYTES || *ret == UINT64_MAX ? -EINVAL : 0;
}

int plan_journal_age(const char *text, uint64_t *ret_usec)
{
        return parse_duration(text, ret_usec) < 0 || *ret_usec == 0 ? -EINVAL : 0;
}

int plan_journal(const AppcPod *manifest, PlanJournal *ret, char **reterr_message)
{
        const char *size = appc_pod_annotation(manifest, SIZE), *age = appc_pod_annotation(manifest, AGE);

        *ret = (PlanJournal) { .max_bytes = DEFAULT_BYTES };
        if (size && plan_journal_size(size, &ret->max_bytes) < 0)
                return explain(reterr_message, EINVAL,
                               "annotation '" SIZE "': '%s' is not a size of 1M or more, as 64M or 1G", size);
        if (age && plan_journal_age(age, &ret->max_age_usec) < 0)
                return explain(reterr_message, EINVAL, "annotation '" AGE "': '%s' is not a time, as 12h or 30d", age);
        return 0;
}
