/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "build/build-context.h"
#include "manifest/oci-descriptor.h"

/* The manifest that image_export_aci() would make of the base, in the process that began with it. */
int build_aci_manifest(BuildContext *c, json_object **ret, char **reterr_message);

/* Writes the image as an ACI (spec/aci.md, "Image Archives"): the manifest, and all layers as one tree. The caller has
 * closed the last layer. name: as in build_appc_manifest(). *ret is the image's ID, of the tar before it is compressed.
 * -EOPNOTSUPP: ACIs are not compressed so. */
int build_aci_write(BuildContext *c, const char *name, OciCompression compression, int fd, Digest *ret,
                    char **reterr_message);
/* The same of one layer, with this manifest, which gets a list of paths if the layer hides some of those below. */
int build_aci_write_layer(BuildContext *c, size_t layer, json_object *manifest, OciCompression compression, int fd,
                          char **reterr_message);
