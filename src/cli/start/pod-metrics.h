/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <systemd/sd-bus.h>

#include "image/store/image-store.h"
#include "pod/pod-usage.h"

/* What a monitoring system wants to know of pods, at one time: pure data, which metrics-text.h writes.
 *
 * A series that is named by a UUID ends with each restart, and a new one begins. So pods are told apart by their names:
 * of several pods that have a name, the one that pod_find() finds is in here, and the others are only counted. */

typedef struct AppMetrics {
        char *name;
        bool running;
        const char *health; /* as PodHealth.status; NULL: it does not run, or has no health check */
        int ready;          /* negative: it does not run, or has no readiness check */
        int exit_status;    /* of its last end; negative: it has not ended */
        int64_t restarts;   /* in this pod; negative: it is not restarted, or nobody knows */
} AppMetrics;

typedef struct PodMetrics {
        Uuid uuid;
        char *name;
        char *unit;            /* "" when it has none */
        PodState state;
        uint64_t created_nsec;
        uint64_t started_nsec; /* 0: it has not started */
        int exit_status;       /* negative: there is none */
        int64_t restarts;      /* by systemd, of the unit; negative: the unit is not loaded */
        AppMetrics *apps;
        size_t n_apps;
        PodUsage *usage;       /* NULL: the pod does not run */
} PodMetrics;

/* A name in the store, of an image that a pod was made from. One that was replaced by a newer has its name no more. */
typedef struct ImageMetrics {
        char *name;
        uint64_t imported_nsec;
} ImageMetrics;

typedef struct HostMetrics {
        uint64_t n_states[_POD_STATE_MAX]; /* pods in each state, whatever their names */
        PodMetrics *pods;                  /* sorted by name */
        size_t n, room;
        bool has_store;                    /* the store of images could be read */
        uint64_t n_images, store_bytes;
        ImageMetrics *images;              /* sorted by name */
        size_t n_names, names_room;
} HostMetrics;

/* The store is read without its lock, since a removal may hold that for long; NULL: it could not be opened. Pods that
 * end, or are removed, while they are read have fewer figures, or are left out. -ENOMEM, or the pods cannot be
 * listed. */
int host_metrics_read(PodStore *store, ImageStore *images, sd_bus *bus, HostMetrics *ret);
void host_metrics_done(HostMetrics *h);
