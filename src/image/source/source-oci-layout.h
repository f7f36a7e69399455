/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "image/source/image-source.h"

/* OCI image layouts (image-spec, image-layout.md): "oci-layout", "index.json", "blobs/ALGORITHM/HEX". Every blob's
 * digest and size is checked. Entries of the index with the same name, or without one, are one image for several
 * platforms; the entry for this host is used, as with nested indexes.
 *
 * Names: io.containerd.image.name; else org.opencontainers.image.ref.name, if it looks like a complete name, or else
 * as the tag after the file's own name; and the names that a manifest.json beside it (`docker save`) has for the
 * same config. */

int source_oci_layout_find(const Source *source, SourceImages *ret, char **reterr_message);
/* Its index, which has been looked for and found. */
int source_oci_layout_index(const Source *source, OciIndex **ret, char **reterr_message);
