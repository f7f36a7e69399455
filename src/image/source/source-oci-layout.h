/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "image/source/image-source.h"

/* OCI image layouts (image-spec, image-layout.md): "oci-layout", "index.json", "blobs/ALGORITHM/HEX". Every blob's
 * digest and size is checked. Entries of the index with the same name, or none, are one image for several platforms,
 * of which ours is taken, just as from nested indexes.
 *
 * Names: io.containerd.image.name; else org.opencontainers.image.ref.name, when it looks like a whole name, or else
 * as tag behind the file's own name; and what a manifest.json beside (`docker save`) has for the same config. */

int source_oci_layout_find(const Source *source, SourceImages *ret, char **reterr_message);
