/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "pod/pod.h"

/* Removing pods that have ended. Every step may be repeated, does nothing while another process holds the pod's lock,
 * and needs no space on disk. */

/* Removes what is left outside the pod's directory once its process is gone: its networks, the lock files of its name
 * and its user IDs, its machine in machined, and leftovers of a systemd-nspawn that was killed. Also frees the disk
 * space that its journal does not need. If its networks cannot be taken down, everything else is still done. 1: no pod
 * has a network any more, see network_remove_idle(). */
int pod_tear_down(Pod *p, char **reterr_message);

/* The locks on the names of running pods: a file for each, which contains the UUID. */
#define POD_NAME_LOCKS "/run/podctl/names"
/* The locks of systemd-nspawn and podctl on ranges of user IDs. */
#define UID_RANGE_LOCKS "/run/systemd/nspawn-uid"

/* Nothing was done: another process uses the pod. */
#define POD_IN_USE 1
/* Removes a pod that is not running, tearing it down before. POD_IN_USE: it is running or being prepared. -ENOENT: it
 * is not there any more. */
int pod_remove(Pod *p);
/* The same, unless another process holds the pod (pod_hold()): POD_IN_USE. */
int pod_remove_unheld(Pod *p);

/* Turns a prepared pod whose start failed, and whose lock we hold, into a prepared pod again. */
int pod_put_back(Pod *p);

/* What the collection does with a pod. */
typedef enum PodFate {
        POD_FATE_MARKED,        /* as garbage */
        POD_FATE_KEPT,          /* marked, but its end is not long ago */
        POD_FATE_REMOVED,
        POD_FATE_STUCK,         /* could not be removed, or even marked */
        _POD_FATE_MAX,
} PodFate;

typedef struct PodCollect {
        uint64_t grace_usec;           /* exited pods are kept this long, counted from their end */
        uint64_t expire_prepared_usec; /* prepared pods that were not started are kept this long */
        bool mark_only;                /* moves pods, but does not remove any */
        bool preview;                  /* changes nothing: reports what would be removed, a pod perhaps twice */
        /* Called for each pod with such a fate; was is its state before. The error is for POD_FATE_STUCK. */
        void (*report)(const struct PodCollect *c, Pod *p, PodFate fate, PodState was, int error);
        void *userdata;                /* for report */
} PodCollect;

/* What podctl gc does if it is not told otherwise. */
#define POD_COLLECT_DEFAULT \
        { .grace_usec = 30 * UINT64_C(60000000), .expire_prepared_usec = 24 * 3600 * UINT64_C(1000000) }

/* Goes on after errors; returns the first. */
int pod_store_collect(PodStore *s, const PodCollect *c);
