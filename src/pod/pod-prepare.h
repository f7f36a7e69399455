/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "image/store/image-store.h"
#include "pod/pod-plan.h"
#include "pod/pod.h"

/* From a pod manifest, as somebody wrote or composed it, to a pod on disk. */

/* Resolves every app's image in the store: fills in its ID, its name, the image's app where the manifest has none of
 * its own, and volumes for mount points that have none, of which *warnings tells (pod/pod-volumes.h). *ret_images,
 * one per app, is for the plan. known: the image of each app, NULL where it is still to be found. The caller holds the
 * store's lock, shared, until the pod is written. -ENOENT, -ENOTUNIQ: an image; *reterr_message says which. */
int pod_resolve_images(ImageStore *store, AppcPod *manifest, const PodSettings *settings, Image *const *known,
                       PlanImage **ret_images, char ***warnings, char **reterr_message);
PlanImage *plan_images_free(PlanImage *images, size_t n);

/* Writes the pod's files into a pod we hold: manifest, settings, and what its apps' roots are made of. */
int pod_write(Pod *pod, const AppcPod *manifest, const PodSettings *settings, const PlanImage *images);

/* Puts the loaded settings, changed, in place of those on disk; durable: of a pod that has to outlive a power cut. */
int pod_write_settings(const Pod *pod, bool durable);

/* The trees below an app's root, top first. */
int pod_app_lowers(const Pod *pod, const char *app, char ***ret);

/* The plan of a pod as it runs on this host, with the sources of its volumes resolved (pod/plan-sources.h). */
int pod_plan(const PodStore *store, const char *uuid, const AppcPod *manifest, const PodSettings *settings,
             const PlanImage *images, PodPlan **ret, char **reterr_message);
/* The same of a pod on disk; loads what is needed. */
int pod_plan_of(Pod *pod, PodPlan **ret, char **reterr_message);
/* The same of a pod that runs already: sources that are gone by now do not matter. */
int pod_plan_of_running(Pod *pod, PodPlan **ret, char **reterr_message);

/* The trees that pods need, of all pods of the store in whatever state: for code that removes images. An entry is the
 * "sha256-…" of a layer. */
int pod_store_used_layers(PodStore *s, char ***ret);
/* The IDs of their images. */
int pod_store_used_images(PodStore *s, char ***ret);
