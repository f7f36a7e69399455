/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "foreign/kube/kube-rules.h"
#include "manifest/appc-pod.h"

/* Kubernetes' description of a pod, as podctl's. Pure: nothing is read but the text, nothing is made. */

/* Files that a pod's description contains, ConfigMaps and Secrets: they exist from the making of a pod to its end, in
 * memory, and only root of the host reaches them there. */
#define POD_FILES_DIRECTORY "/run/podctl/files"

/* A file that has to be there when the pod starts. */
typedef struct KubeFile {
        char *path;             /* below the directory, of valid names only */
        mode_t mode;
        gid_t group;            /* in the pod, of fsGroup; 0: root's */
        char *data;             /* with a NUL behind it */
        size_t size;
        char *credential;       /* the data is encrypted by systemd-creds(1), under this name; NULL: it is not */
} KubeFile;

/* When a CronJob starts its pod: the settings of a timer. */
typedef struct KubeTimer {
        char **calendars;       /* values of OnCalendar=, with the time zone */
        char *zone;             /* NULL: the host's */
        JsonPlace zone_place;   /* in the text */
        bool suspended;         /* it is not to start anything for now */
        char *schedule;         /* valid, as it is in the file */
        bool limited;           /* a start that was missed is made up for only: */
        uint64_t deadline_sec;  /* if it is not later than that */
        bool replace;           /* a pod that runs already is ended for the next one */
} KubeTimer;

KubeTimer *kube_timer_free(KubeTimer *timer);
DEFINE_TRIVIAL_CLEANUP_FUNC(KubeTimer *, kube_timer_free);

typedef struct KubePod {
        char *name;
        AppcPod *manifest;
        KubeTimer *timer;       /* of a CronJob; else NULL */
        KubeFile *files;
        size_t n_files, allocated_files;
        char **logins;          /* "SECRET=TEXT", as `docker login` writes it: only to fetch this pod's images */
        Findings findings;
} KubePod;

void kube_file_done(KubeFile *file);
KubePod *kube_pod_free(KubePod *pod);
DEFINE_TRIVIAL_CLEANUP_FUNC(KubePod *, kube_pod_free);

/* What the text does not say, and a pod that is made has. */
typedef struct KubeSurroundings {
        const char *directory;  /* where its files will be */
        const char *uid;        /* its UUID; NULL: nobody makes it */
        const char *node;       /* the host's name; NULL: likewise */
        bool looks;             /* warns of files of this host that it names and that are not there */
} KubeSurroundings;

/* Reads a text that describes one pod: a Pod, Deployment, DaemonSet, Job or CronJob, with the ConfigMaps, Secrets and
 * claims that it uses, as several documents or a List. -EINVAL: findings has at least one that is refused, and there is
 * no manifest. *ret is set then, too; not at other errors, which e describes. */
int kube_pod_parse(const char *text, size_t n, const KubeSurroundings *around, KubePod **ret, JsonError *e);

/* Whether a path is that of YAML by its name. */
bool kube_path_is_yaml(const char *path);
