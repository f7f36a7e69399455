/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "image/store/image-store.h"
#include "pod/plan-images.h"
#include "pod/pod-plan.h"
#include "pod/pod.h"

/* From a pod manifest, given by a user or composed, to a pod on disk. */

/* Resolves every app's image in the store: fills in its ID, its name, the image's app where the manifest does not have
 * one, and volumes for mount points that have none, which *warnings reports (pod/pod-volumes.h); and those of image
 * volumes (pod/image-volumes.h). *ret is for the plan. known: the image of each app, NULL where it is still to be
 * found. The caller holds the store's lock, shared, until the pod is written. -ENOENT, -ENOTUNIQ: an image;
 * *reterr_message says which. */
int pod_resolve_images(ImageStore *store, AppcPod *manifest, const PodSettings *settings, Image *const *known,
                       PlanImages *ret, char ***warnings, char **reterr_message);
/* The image of an app, without its names. */
int pod_find_image(ImageStore *store, const AppcPodApp *app, Image **ret, char **reterr_message);

/* Writes the files of a pod whose lock we hold: manifest, settings, and the lists of layers, for each app's root and
 * for image volumes. */
int pod_write(Pod *pod, const AppcPod *manifest, const PodSettings *settings, const PlanImages *images);

/* Replaces the settings on disk by the loaded ones, which have changed; durable: the pod has to survive a power cut. */
int pod_write_settings(const Pod *pod, bool durable);

/* For an app that has been added to the loaded manifest of a pod that runs: resolves its image as above, and writes the
 * lists of layers. The caller holds the store's lock, shared. */
int pod_add_image(Pod *pod, ImageStore *store, AppcPodApp *app, const Image *known, char ***warnings,
                  char **reterr_message);
/* Replaces the manifest on disk by the loaded one, which has changed, in one step. */
int pod_write_manifest(Pod *pod);

/* The trees below an app's root, top first. */
int pod_app_lowers(const Pod *pod, const char *app, char ***ret);

/* The plan of a pod as it runs on this host, with the sources of its volumes resolved (pod/plan-sources.h). */
int pod_plan(const PodStore *store, const char *uuid, const AppcPod *manifest, const PodSettings *settings,
             const PlanImages *images, PodPlan **ret, char **reterr_message);
/* The same for a pod on disk; loads what is needed. */
int pod_plan_of(Pod *pod, PodPlan **ret, char **reterr_message);
/* The same for a pod that already runs: sources that are gone by now do not matter. */
int pod_plan_of_running(Pod *pod, PodPlan **ret, char **reterr_message);

/* That of a running pod whose loaded manifest has one more app, the last one, whose sources do matter. */
int pod_plan_with_late(Pod *pod, PodPlan **ret, char **reterr_message);

/* The layers that the store's pods need, in whatever state the pods are: for code that removes images. An entry is the
 * "sha256-…" of a layer. */
int pod_store_used_layers(PodStore *s, char ***ret);
/* The IDs of the images of all pods. */
int pod_store_used_images(PodStore *s, char ***ret);
/* What a collection of images keeps. An image that the next start of a pod of pods.d needs, or a way back to it, is
 * used even if the pod does not run. *ret_unread, unless NULL, has a line for each file of pods.d that cannot be read:
 * nobody knows what its pod needs. */
int pod_store_needs(PodStore *s, ImageStore *store, char ***ret_layers, char ***ret_images, char ***ret_unread);
