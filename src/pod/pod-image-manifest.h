/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "image/store/image-store.h"
#include "manifest/appc-pod.h"

/* The manifest of an app's image in appc's form, whatever the image's format; if the image is gone (NULL), a manifest
 * of what the pod knows about it. */
int pod_image_manifest(const Image *image, const AppcPodApp *app, json_object **ret);
