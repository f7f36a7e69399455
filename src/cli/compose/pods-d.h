/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cli/compose/run-args.h"
#include "manifest/appc-pod.h"

/* Pods as files, see podctl-pods.d(5): NAME.json in one of these directories, of which the first that has it counts. */

#define PODS_D_LOCAL "/etc/podctl/pods.d"

/* -ENOENT: none of them has it. */
int pods_d_find(const char *name, char **ret_path);
/* The names of all pods there are, each once, in order. */
int pods_d_list(char ***ret);

/* A manifest from a file. Logs all that is wrong with it, with the line and the member; one that says more than this
 * program knows is refused too: it is misspelt, or was written for a newer one. Only members of extensions, with a '.'
 * or '/' in their names, are passed over; "PATH:LINE: MEMBER" of these comes back where ret_passed_over is not NULL. */
int pod_manifest_read(const char *path, AppcPod **ret, char ***ret_passed_over);

/* "PATH:LINE: MESSAGE" for a message that begins with the path of a member. Returns r. */
int pod_manifest_complain(const char *path, int r, const char *message);

/* What the options of a start say, as annotations of the manifest, where they are looked for when a start has no
 * options. */
int pod_manifest_annotate(AppcPod *manifest, const RunArgs *args);

/* Fetches the images of apps that say where they come from (podctl/image), as podctl/pull-policy says, and has the apps
 * use what came. */
int pod_manifest_fetch(Context *c, AppcPod *manifest);
