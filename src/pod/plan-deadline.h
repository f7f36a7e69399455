/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "manifest/appc-pod.h"

/* How long a pod may run, from its start: then it is stopped, and has failed. */
#define POD_ANNOTATION_DEADLINE "podctl/deadline"

/* As in the annotation. -EINVAL: it is not a time, or zero. */
int plan_deadline_parse(const char *text, uint64_t *ret_usec);

/* Zero: there is no limit. */
int plan_deadline(const AppcPod *manifest, uint64_t *ret_usec, char **reterr_message);
