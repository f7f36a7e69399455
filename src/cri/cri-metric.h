/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cri/cri-find.h"

/* Metrics of sandboxes and containers, by the names that cAdvisor gave them and that dashboards ask for (cAdvisor,
 * docs/storage/prometheus.md); a kubelet with the feature PodAndContainerStatsFromCRI passes them on. All values are
 * whole numbers in the unit of the name. What cannot be read, since the controller is not there or for any other
 * reason, is left out, which is not the same as 0. */

/* What has metrics. That of a pod's network is what a container "POD" has had since pods were made of one. */
typedef enum CriMetricKind {
        CRI_METRICS_POD = 1,
        CRI_METRICS_NETWORK = 2,
        CRI_METRICS_CONTAINER = 4,
} CriMetricKind;

/* One that has them, at one time. */
typedef struct CriMetricSubject {
        CriMetricKind kind;
        const Pod *pod;
        const AppcPodApp *app;            /* of a container, and so is the record */
        const CriContainerRecord *record;
        int dir;              /* its control group, or the /proc/PID of a network; -EBADF: it is gone */
        const char *labels[6]; /* values of the labels that all metrics have, in the order of the descriptors */
        int64_t time;         /* nanoseconds since the epoch */
        /* What was read last. */
        const char *file;
        char *text;
        /* What was found: the answer's. */
        Cri__Metric **metrics;
        size_t n_metrics;
} CriMetricSubject;

/* Closes the directory, and leaves the metrics. */
void cri_metric_subject_done(CriMetricSubject *s);

/* Finds all that there is of its kind. */
void cri_metrics_read(CriMetricSubject *s);
/* Describes all that there may be, each once. */
void cri_metrics_describe(Cri__MetricDescriptor ***descriptors, size_t *n);
