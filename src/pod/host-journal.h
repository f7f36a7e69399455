/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "pod/pod.h"

/* A pod's journal as the host sees it once the pod has ended. */

/* Lets `journalctl -m` see it, if the host keeps a journal itself: a link in the directory of that one, which is
 * replaced as a whole when the pod has moved on. May be repeated. */
int pod_link_journal(const Pod *p);
int pod_unlink_journal(const Pod *p);

/* Gives back what the journal of an ended pod does not use of its files: journald reserves each as large as it may
 * become. Who reads them finds no difference. */
void pod_trim_journal(const Pod *p);
