/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cli/context.h"
#include "foreign/draft/pod-draft.h"

/* Holds a pod of drafts against the rules of podctl's own options, as podctl create would, without looking at images.
 * Networks of the drafts are as good as there. Each mistake becomes a finding of its file, with the option as the
 * member. Does not log; 0 or -ENOMEM. */
int draft_check(Context *c, const PodDrafts *drafts, const PodDraft *pod, Findings *findings);
