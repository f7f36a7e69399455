/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "manifest/appc-pod.h"

/* The limits of a pod's journal, from the annotations podctl/journal-size and podctl/journal-age of its manifest. The
 * oldest entries are removed first. */

typedef struct PlanJournal {
        uint64_t max_bytes;
        uint64_t max_age_usec;  /* 0: unlimited */
} PlanJournal;

int plan_journal_size(const char *text, uint64_t *ret);
int plan_journal_age(const char *text, uint64_t *ret_usec);

/* -EINVAL, with a message that names the annotation. */
int plan_journal(const AppcPod *manifest, PlanJournal *ret, char **reterr_message);
