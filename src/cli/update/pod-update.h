/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cli/compose/pod-manifest.h"
#include "cli/update/update-report.h"

/* Updates of pods of pods.d: a newer image is fetched and verified as at the pod's start, the pod is restarted with it
 * and watched, and if it fails, it gets the image before again. What was decided is in a record beside the pod
 * (pod/update-record.h), so an update that was interrupted is finished by the next one. */

typedef struct UpdateOptions {
        UpdateWay at_most;      /* UPDATE_CHECK: nothing is changed */
        bool named;             /* the user named the pod: it is restarted whatever its annotation is */
        bool retry;             /* also images that failed before */
        bool asked_back;        /* the user goes back, whether or not the images failed */
        uint64_t watch_usec;
        /* Called when the pod runs with its new image and is only watched from now on; may be NULL. */
        void (*on_watch)(void *userdata);
        void *userdata;
} UpdateOptions;

typedef enum UpdateResult {
        UPDATE_GOOD,
        UPDATE_ROLLED_BACK, /* and what followed went well */
        UPDATE_FAILED,      /* the pod is as it was, or what happened was logged */
} UpdateResult;

/* Logs, and reports each app. Negative: no other pod can be updated either. */
int pod_update(Context *c, const char *name, const UpdateOptions *options, UpdateReport *report);

/* Goes back to the images before the last update; those of now are not tried again. */
int pod_update_undo(Context *c, const char *name, const UpdateOptions *options, UpdateReport *report);
