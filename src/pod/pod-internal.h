/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "pod/pod.h"

/* Between pod.c, pod-list.c and pod-gc.c. */

Pod *pod_new_object(PodStore *s, const Uuid *uuid);
/* Held, shared, while a pod's directory is new and has no lock of its own yet: who has it alone knows that nobody is
 * about to take one. Returns the lock's fd. */
int pod_lock_embryos(PodStore *s, int operation);
/* Opens DIRECTORY/UUID, and makes sure that it was there when the lock was looked at. -EAGAIN: it was not. */
int pod_open_in(Pod *p, PodDirectory d);
int pod_open_anywhere(Pod *p);
