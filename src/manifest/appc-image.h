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
#define APPC_ANNOTATION_AFTER "podctl/after"
#define APPC_ANNOTATION_REQUIRES "podctl/requires"
/* "true": the app has started only when it has ended, with success. */
#define APPC_ANNOTATION_ONESHOT "podctl/oneshot"
/* "true": the app does not start if its user is root, whoever says so. */
#define APPC_ANNOTATION_NON_ROOT "podctl/non-root"
/* "private": an app has a PID namespace of its own; "shared": that of the pod. A pod may have it for all its apps. */
#define APPC_ANNOTATION_PIDS "podctl/pids"
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
/* Annotation by which an app declares that it notifies of its readiness: "true". */
#define APPC_ANNOTATION_NOTIFY "appc.io/executor/supports-systemd-notify"
