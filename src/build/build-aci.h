/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "build/build-context.h"
#include "manifest/oci-descriptor.h"

/* Writes the image as an ACI (spec/aci.md, "Image Archives"): the manifest, and all layers as one tree. The caller has
 * closed the last layer. name: as in build_appc_manifest(). *ret is the image's ID, of the tar before it is compressed.
 * -EOPNOTSUPP: ACIs are not compressed so. */
int build_aci_write(BuildContext *c, const char *name, OciCompression compression, int fd, Digest *ret,
                    char **reterr_message);
