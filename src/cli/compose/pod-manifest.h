/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cli/compose/manifest-text.h"
#include "cli/compose/run-args.h"
#include "foreign/draft/finding.h"
#include "manifest/appc-pod.h"

/* The annotations of pods and of apps that files may have, beyond appc, up to NULL. */
extern const char *const pod_manifest_annotations[];
extern const char *const pod_manifest_app_annotations[];

/* Reads a manifest, in any form. Logs everything that is wrong with it, with the place and the member. An unknown
 * member or annotation is also an error: it is misspelt, or from a newer version. Only members of extensions, with a
 * '.' or '/' in their names, are passed over; they are returned if ret_passed_over is not NULL. */
int pod_manifest_parse(Context *c, const ManifestText *from, AppcPod **ret, Findings *ret_passed_over);
/* The same for a file. */
int pod_manifest_read(Context *c, const char *path, const char *shown, AppcPod **ret);

/* Logs "PATH:LINE:COLUMN: MESSAGE" for a message that begins with the path of a member. Returns r. */
int pod_manifest_complain(const char *path, int r, const char *message);

/* Fetches the images of apps that name their origin (podctl/image), by podctl/pull-policy, and makes the apps use the
 * fetched ones. An update that fails is a warning if the store has an image. decided_for: the pod of pods.d whose apps
 * use the images that `podctl update` decided for (pod/update-record.h), or NULL. images has a place for each app,
 * which is filled in for these. The same for the images of volumes (compose-image-volumes.h). */
int pod_manifest_fetch(Context *c, AppcPod *manifest, const char *decided_for, Image **images);

/* How far `podctl update` goes with a pod. */
#define POD_ANNOTATION_UPDATE "podctl/auto-update"

typedef enum UpdateWay {
        UPDATE_OFF,
        UPDATE_CHECK,   /* says that there is a newer image */
        UPDATE_FETCH,   /* brings it into the store, for the next start */
        UPDATE_RESTART, /* restarts the pod with it */
        _UPDATE_WAY_MAX,
        _UPDATE_WAY_INVALID = -EINVAL,
} UpdateWay;

const char *update_way_to_string(UpdateWay w);
UpdateWay update_way_from_string(const char *s);
/* -EINVAL, logged: it is another word. */
int pod_manifest_update_way(const AppcPod *manifest, UpdateWay *ret);
/* Whether the annotations make sense that say when to look for images. -EINVAL, logged. */
int pod_manifest_check_ways(const AppcPod *manifest);
