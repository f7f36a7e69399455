/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/uuid.h"

/* Pods whose apps have all ended, and been recorded, but which are still being cleared away: `podctl run` has returned,
 * and systemd goes on. Each has a mark, an empty file named by its UUID, from the return until it is torn down.
 * Commands that need what a pod has wait until there is no mark (VERB_AFTER_ENDINGS). */

#define POD_ENDING_DIRECTORY "/run/podctl/ending"

int pod_ending_begin(const Uuid *uuid);
bool pod_is_ending(const Uuid *uuid);
/* Once everything of the pod is cleared away, and nobody will touch its directory any more. */
void pod_ending_finish(const Uuid *uuid);

/* Waits until no pod is ending. What is not done within a time that is long for it is left behind by a failure, and its
 * mark removed. */
void pod_endings_wait(void);
/* The same, for one pod alone. */
void pod_ending_wait(const Uuid *uuid);
