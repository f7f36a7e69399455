/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "manifest/app.h"

/* appc image manifests, the file "manifest" of an ACI (spec/aci.md, "Image Manifest Schema"). */

/* Larger manifests are refused. */
#define ACI_MANIFEST_MAX (4U * 1024 * 1024)

typedef struct AppcDependency {
        char *image_name;
        char *image_id; /* "sha512-…", NULL when any image will do */
        char **labels;  /* "NAME=VALUE" */
        uint64_t size;  /* of the uncompressed ACI, 0 when not given */
} AppcDependency;

typedef struct AppcImage {
        char *kind;
        char *version; /* acVersion */
        char *name;
        char **labels; /* "NAME=VALUE" */
        App *app;      /* NULL: an image that is only a dependency of others */
        AppcDependency *dependencies;
        size_t n_dependencies;
        char **path_whitelist; /* absolute; empty: everything */
        char **annotations;    /* "NAME=VALUE" */
} AppcImage;

AppcImage *appc_image_free(AppcImage *image);
DEFINE_TRIVIAL_CLEANUP_FUNC(AppcImage *, appc_image_free);

int appc_image_parse(const char *data, size_t n, AppcImage **ret, JsonError *e);
int appc_image_read(json_object *o, AppcImage **ret, JsonError *e);
int appc_image_write(const AppcImage *image, json_object **ret);

/* NULL when it has none of that name. */
const char *appc_image_label(const AppcImage *image, const char *name);
const char *appc_image_annotation(const AppcImage *image, const char *name);

/* Annotation of images that docker2aci made: the repository that the image comes from. */
#define APPC_ANNOTATION_DOCKER_REPOSITORY "appc.io/docker/repository"
/* Our annotations of apps in pods: systemd's Restart= ("no", "on-failure", "always"), how often that is done before a
 * failure counts (a number; without it, there is no limit), and comma-separated names of other apps that start before
 * the app, or that it cannot run without. */
#define APPC_ANNOTATION_RESTART "podctl/restart"
#define APPC_ANNOTATION_RESTART_LIMIT "podctl/restart-limit"
/* "true": the pauses before restarts grow, as in Kubernetes. */
#define APPC_ANNOTATION_RESTART_BACKOFF "podctl/restart-backoff"
#define APPC_ANNOTATION_AFTER "podctl/after"
#define APPC_ANNOTATION_REQUIRES "podctl/requires"
/* What the failure of an app leads to that is not restarted: "fail" of the pod, or "none", until all have ended. */
#define APPC_ANNOTATION_FAILURE "podctl/on-failure"
/* "true": the app has started only when it has ended, with success. */
#define APPC_ANNOTATION_ONESHOT "podctl/oneshot"
/* "true": the app does not start if its user is root, whoever says so. */
#define APPC_ANNOTATION_NON_ROOT "podctl/non-root"
/* "true": the kernel ends all processes of the app when one of them would take more memory than there is. */
#define APPC_ANNOTATION_OOM_GROUP "podctl/oom-group"
/* Protections that an app does without, with commas, as --insecure-options= names them for all apps of a pod; "none":
 * it has them all, whatever is said of the pod. */
#define APPC_ANNOTATION_INSECURE "podctl/insecure"
/* Paths, with ':' between them, that are hidden from an app, or read-only for it, beside those that all apps have. */
#define APPC_ANNOTATION_MASKED "podctl/masked-paths"
#define APPC_ANNOTATION_READ_ONLY "podctl/read-only-paths"
/* In podctl/hosts-entry, in place of an address: that of the host, as the pod reaches it. */
#define APPC_HOST_GATEWAY "host-gateway"
/* "true": the pod's engine confines nothing that its apps do not do without. The annotation is the pod's. */
#define APPC_ANNOTATION_PRIVILEGED "podctl/privileged"
/* "true": the pod's engine filters no system calls; each app has a filter of its own, or none. The annotation is the
 * pod's. */
#define APPC_ANNOTATION_UNFILTERED "podctl/unfiltered"
/* "yes": the app has the groups that /etc/group of the image lists its user in, also beside a group that was named;
 * "no": not even without one. */
#define APPC_ANNOTATION_IMAGE_GROUPS "podctl/image-groups"
/* The first of the host's user IDs that are the pod's, where somebody else gives them out: a multiple of 65536. The
 * annotation is the pod's. */
#define APPC_ANNOTATION_UID_BASE "podctl/uid-base"
/* Names with commas between, or "ALL": of the app's capabilities, those that its program has although its user is not
 * root (capabilities(7), "Ambient"). */
#define APPC_ANNOTATION_AMBIENT "podctl/ambient-capabilities"
/* "private": an app has a PID namespace of its own; "shared": that of the pod. A pod may have it for all its apps. */
#define APPC_ANNOTATION_PIDS "podctl/pids"
#define APPC_PIDS_OF "app:" /* a value, with the name of an app behind it */
/* The engine of the pod: "nspawn" or "fly" (pod/engine.h). */
#define APPC_ANNOTATION_STAGE1 "podctl/stage1"
/* "true": apps may come and go while the pod runs, which none of them ends. The annotation is the pod's. */
#define APPC_ANNOTATION_MUTABLE "podctl/mutable"

/* What an unhealthy app leads to ("none", "restart" of the app, "stop" or "fail" of the pod), and whether the pod has
 * started only when the app is healthy ("true"). */
#define APPC_ANNOTATION_UNHEALTHY "podctl/on-unhealthy"
#define APPC_ANNOTATION_HEALTH_READY "podctl/health-ready"
/* What an app's standard input, output and error are: see pod/plan-stdio.h. */
#define APPC_ANNOTATION_STDIN "podctl/stdin"
#define APPC_ANNOTATION_STDOUT "podctl/stdout"
#define APPC_ANNOTATION_STDERR "podctl/stderr"
/* A file of the host with the app's output, in the form of Kubernetes: see pod/pod-log-file.h. */
#define APPC_ANNOTATION_LOG_FILE "podctl/log-file"
/* Annotation by which an app declares that it notifies of its readiness: "true". */
#define APPC_ANNOTATION_NOTIFY "appc.io/executor/supports-systemd-notify"
