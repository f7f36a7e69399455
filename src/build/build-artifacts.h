/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "build/build-context.h"
#include "image/export/artifact-set.h"
#include "image/source/source-registry.h"

/* What is kept beside the image that a build begins with, such as its bill of materials, comes along: it goes where the
 * new image goes, whose annotation leads to it. The record names the files. */

/* Of an image of the store. The caller holds its lock, shared. */
int build_artifacts_take_stored(BuildContext *c, ImageStore *store, const Image *image, char **reterr_message);
/* Of an image in files. */
int build_artifacts_take(BuildContext *c, const Source *source, const Digest *image, char **reterr_message);
/* Of an image in a registry. After a failure there are none. */
int build_artifacts_fetch(BuildContext *c, Fetcher *f, const DockerReference *reference, const SourceImage *image,
                          char **reterr_message);

/* None where the new image does not say what it was built on. */
int build_artifacts_read(const BuildContext *c, ArtifactSet *ret, char **reterr_message);
