/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "image/store/image-store.h"
#include "manifest/appc-pod.h"

/* What the image of an app says of itself, in appc's words whatever its format; where it is gone (NULL), what the pod
 * knows of it. */
int pod_image_manifest(const Image *image, const AppcPodApp *app, json_object **ret);
