/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "image/source/image-source.h"

/* Images as OCI describes them (image-spec, image-index.md and manifest.md), wherever their blobs come from. */

/* What is for this machine. -ENOEXEC with a text that says what there is: nothing. */
int source_oci_select(const OciIndex *index, const OciDescriptor **ret, char **reterr_message);

/* The image of a manifest, or of what an index has for this machine: its documents, and what its layers are. */
int source_oci_read_image(const Source *source, const OciDescriptor *d, SourceImage *image, char **reterr_message);
