/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "pod/pod.h"

/* What happens to a pod, for the host's journal: once for each event, with a MESSAGE_ID that catalog/podctl.catalog
 * explains (journalctl -x) and with fields to look for. Without a journal nothing is said, and nothing fails.
 *
 *     PODCTL_POD_NAME, PODCTL_POD_UUID, PODCTL_UNIT      whose it is
 *     PODCTL_EXIT_STATUS, PODCTL_APP                     how it ended; the first app of it that failed
 *     PODCTL_ERROR                                       why it could not be started */

/* The pod is about to become systemd-nspawn. It has been loaded. */
void pod_event_starts(const Pod *pod);

/* The pod did not start, for the reason that was logged last. NULL: the pod was not made yet. Each process reports this
 * once. */
void pod_event_failed_to_start(const char *name, const Pod *pod);

/* The pod has ended with that status. */
void pod_event_ended(Pod *pod, int status);

/* `podctl update` gave the pod of the unit another image, or the one before again. */
void pod_event_updated(const char *name, const char *unit);
void pod_event_rolled_back(const char *name, const char *unit, bool asked, bool runs);
