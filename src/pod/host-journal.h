/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "pod/pod.h"

/* A pod's journal as the host sees it once the pod has ended. */

/* Lets `journalctl -m` show it, if the host keeps a persistent journal itself: makes a link in the directory of the
 * host's journal, or replaces it when the pod has moved. May be repeated. */
int pod_link_journal(const Pod *p);
int pod_unlink_journal(const Pod *p);

/* Frees the space that the journal files of an ended pod do not use: journald reserves more than they need. Readers of
 * the files notice no difference. */
void pod_trim_journal(const Pod *p);
