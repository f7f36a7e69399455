/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cli/context.h"
#include "foreign/draft/pod-draft.h"

/* Holds a draft against the rules of podctl's own options, as podctl create would, without looking at images. Each
 * mistake becomes a finding of its file, with the option as the member. Does not log; 0 or -ENOMEM. */
int draft_check(Context *c, const PodDraft *pod, Findings *findings);
