/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "pod/pod.h"

/* Shared by pod.c, pod-list.c and pod-gc.c. */

Pod *pod_new_object(PodStore *s, const Uuid *uuid);
/* A shared lock on this is held while a pod's directory is new and has no lock of its own yet: a process with an
 * exclusive lock knows that no other is about to lock a new directory. Returns the lock's fd. */
int pod_lock_embryos(PodStore *s, int operation);
/* Opens DIRECTORY/UUID, and makes sure that it was still there when its lock was checked. -EAGAIN: it was not. */
int pod_open_in(Pod *p, PodDirectory d);
int pod_open_anywhere(Pod *p);
