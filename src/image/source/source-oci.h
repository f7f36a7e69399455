/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "image/source/image-source.h"

/* Images as OCI describes them (image-spec, image-index.md and manifest.md), whatever the source of their blobs. */

/* Finds the entry for this machine. -ENOEXEC with a text that lists the existing ones: there is none. */
int source_oci_select(const Source *source, const OciIndex *index, const OciDescriptor **ret, char **reterr_message);

/* The image of a manifest, or of the entry that an index has for this machine: its documents and layers. */
int source_oci_read_image(const Source *source, const OciDescriptor *d, SourceImage *image, char **reterr_message);
