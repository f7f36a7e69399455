/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cli/compose/run-args.h"
#include "manifest/appc-pod.h"

/* A pod manifest from a command line, or from the file that it names. All of these log.
 *
 * Environment, lowest first: the caller's (--inherit-env), the image's, --set-env-file, --set-env, --environment.
 * Arguments of an OCI or Docker image take the place of its Cmd, as with docker; of an appc image they are added.
 *
 * *ret_images, unless NULL, are the images of its apps; NULL where they come from a file. */
int run_compose(Context *context, const RunArgs *args, AppcPod **ret, Image ***ret_images);
