/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "image/export/artifact-set.h"
#include "image/name/docker-reference.h"
#include "image/transport/fetcher.h"

/* Sends what goes with an image to the registry where the image is by now, and makes it known there: by a list under a
 * tag if the registry does not do that itself (distribution specification, "Pushing Manifests with Subject"). Errors
 * are those of image_push(); -EBUSY: others write the list all the time. */
int artifacts_push(const ArtifactSet *set, Fetcher *f, const DockerReference *name, char **reterr_message);
