/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cli/context.h"
#include "image/store/image-store.h"
#include "manifest/appc-pod.h"

/* What an earlier update decided, where something else than an update changes it (pod/update-record.h). */

/* Waits for other updates; returns the fd. Logs. */
int pod_updates_lock(Context *c);

/* After a new file of the pod: what was decided for an earlier one does not go before its images, of which there is one
 * for each app. Logs. */
int pod_update_choose(Context *c, const char *name, const AppcPod *manifest, Image *const *images);
