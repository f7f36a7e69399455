/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "pod/pod.h"

/* Collecting what is over. Every step may be repeated, does nothing while somebody holds the pod's lock, and needs no
 * space on disk. */

/* Removes what is left outside the pod's directory once its process is gone: its networks, the lock files of its name
 * and its user IDs, and leftovers of a systemd-nspawn that was killed; and gives back what its journal does not need of
 * the disk. Where its networks cannot be taken down, all the rest is done nevertheless. 1: no pod has a network any
 * more, see network_remove_idle(). */
int pod_tear_down(Pod *p, char **reterr_message);
/* The last of these, for a machine name that is free. */
void pod_clear_nspawn(const char *machine);

/* Where the names of running pods are locked; a file each, with the UUID in it. */
#define POD_NAME_LOCKS "/run/podctl/names"
/* Where systemd-nspawn and we lock ranges of user IDs. */
#define UID_RANGE_LOCKS "/run/systemd/nspawn-uid"

/* Nothing was done: another process has the pod. */
#define POD_IN_USE 1
/* Removes a pod that is not running, tearing it down before. POD_IN_USE: it is running or being prepared. -ENOENT: it
 * is not there any more. */
int pod_remove(Pod *p);
/* The same, unless somebody holds it (pod_hold()): POD_IN_USE. */
int pod_remove_unheld(Pod *p);

/* A prepared pod whose start failed, which we hold, is a prepared pod again. */
int pod_put_back(Pod *p);

/* What becomes of a pod. */
typedef enum PodFate {
        POD_FATE_MARKED,        /* as garbage */
        POD_FATE_KEPT,          /* marked, but its end is not long ago */
        POD_FATE_REMOVED,
        POD_FATE_STUCK,         /* could not be removed, or even marked */
        _POD_FATE_MAX,
} PodFate;

typedef struct PodCollect {
        uint64_t grace_usec;           /* exited pods are kept this long, counted from their end */
        uint64_t expire_prepared_usec; /* prepared pods that nobody started */
        bool mark_only;                /* move, remove nothing */
        /* Called for each pod that something becomes of; was is what it has been before. The error is for what is
         * stuck. */
        void (*report)(const struct PodCollect *c, const Pod *p, PodFate fate, PodState was, int error);
} PodCollect;

/* Goes on after errors; returns the first. */
int pod_store_collect(PodStore *s, const PodCollect *c);
