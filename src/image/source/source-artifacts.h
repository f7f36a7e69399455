/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "image/source/image-source.h"
#include "image/store/image-artifacts.h"

/* The artifacts that an image layout has beside its images: manifests with a subject (image-spec, manifest.md), in its
 * index or in lists that it leads to. Other kinds of files have none. Errors are those of artifact_intake_take(). */

/* Those about images that are in the store by now, and about the images that they were built on, are kept with them,
 * instead of what was kept before. */
int source_artifacts_keep(const Source *source, ImageStore *s, char *const *ids, char **reterr_message);
/* Those about an image, into a directory; the list is the caller's to write. */
int source_artifacts_take(const Source *source, const Digest *image, int dir_fd, ImageArtifacts *ret,
                          char **reterr_message);
