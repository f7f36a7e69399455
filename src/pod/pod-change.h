/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "pod/pod.h"

/* Apps that come and go while a pod runs. One process at a time changes a pod; others wait. The manifest says which
 * apps there are, and is replaced in one step: an app is the pod's from the moment when its row is in there, and is not
 * any more once the row has gone. What there is of others, in the directory of the pod or inside the pod, is from a
 * change that was cut off, and goes before the next one. */

/* Waits for the lock, and loads the manifest and settings as they are now. -ESRCH: the pod does not run. -EROFS: it is
 * not a mutable one. *ret_lock is the lock. */
int pod_change_begin(Pod *pod, int *ret_lock, char **reterr_message);

/* The lock alone, for who removes the pod: a change that was under way is over, and the next one finds no pod. */
int pod_change_lock(const Pod *pod);

/* The names of apps that a change has left behind. */
int pod_change_leftovers(const Pod *pod, char ***ret);

/* Removes what the pod's directory has of an app that is not in the manifest: its files, its own volumes, and the
 * records of how it ended. */
int pod_change_forget(Pod *pod, const char *app);

/* Marks an app that came while the pod runs, before it is in the manifest. */
int pod_change_mark_late(Pod *pod, const char *app);
bool pod_app_is_late(const Pod *pod, const char *app);
/* Notes that it starts now: what is known of an earlier run does not count any more. Makes room for the record of its
 * end, so that this can be written on a full disk. *ret_lock: as long as it is open, the start is under way. */
int pod_change_mark_started(Pod *pod, const char *app, int *ret_lock);
/* It did not start after all. */
void pod_change_mark_waiting(Pod *pod, const char *app);
/* An app that came late, and was not started yet. */
bool pod_app_waits(const Pod *pod, const char *app);

/* Takes an app out of a mutable pod that has ended, with its files. -EBUSY: it runs. */
int pod_change_remove_ended(Pod *pod, const char *app, char **reterr_message);
