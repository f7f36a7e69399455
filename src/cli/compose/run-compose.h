/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cli/compose/run-args.h"
#include "manifest/appc-pod.h"

/* Makes a pod manifest from a command line, or reads it from the file that the command line names. All of these log.
 *
 * Environment, lowest first: the caller's (--inherit-env), the image's, --set-env-file, --set-env, --environment.
 * Arguments for an OCI or Docker image replace its Cmd, as with docker; those for an appc image are appended.
 *
 * *ret_images, unless NULL, are the images of its apps; NULL if the manifest is from a file. */
int run_compose(Context *context, const RunArgs *args, AppcPod **ret, Image ***ret_images);
