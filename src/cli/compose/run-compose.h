/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cli/compose/run-args.h"
#include "manifest/appc-pod.h"

/* Makes a pod manifest from a command line, or reads it from the file that the command line names. The options of its
 * apps have been applied to their images' apps, and are still there for pods that are made as files. All of these log.
 *
 * Environment, lowest first: the caller's (--inherit-env), the image's, --set-env-file, --set-env, --environment.
 * Arguments for an OCI or Docker image replace its Cmd, as with docker; those for an appc image are appended.
 *
 * *ret_images, unless NULL, are the images of its apps, those that were looked up. */
int run_compose(Context *context, const RunArgs *args, AppcPod **ret, Image ***ret_images);

/* Adds the first app of the command line to a pod that is there already. */
int run_compose_app(Context *context, const RunArgs *args, AppcPod *pod, Image **ret_image);

/* Where the pod itself does not have what --insecure-options= says of apps, since it is there already or a file, the
 * app gets it; with what the pod has (of_pod), which it would not have otherwise. */
int run_compose_insecure(const Context *context, char *const *of_pod, AppcPodApp *app);

/* Whether the pod has user IDs of its own: the option, or else the manifest's annotation; unset: neither says it. */
int private_users_wanted(const RunArgs *args, const AppcPod *manifest, Tristate *ret);
