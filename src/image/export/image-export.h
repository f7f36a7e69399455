/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "image/store/image-store.h"
#include "image/transport/fetcher.h"
#include "image/tree/merged-tree.h"

/* Images on their way out, written to a file as they came in. The caller holds the store's lock, shared. */

/* An OCI archive: a tar of an image layout (image-spec, image-layout.md) with the manifest, config and layers under the
 * digests they have, and an entry of index.json for each of the image's names (which the caller looked up). A layer
 * that came with another image may be kept in another form than the manifest names: it is fetched then from where one
 * of the names says. Returns 1 if it could not be, or there is no fetcher (NULL): the archive has that layer as it is
 * kept, and a manifest that says so, which makes it another image. -EBADMSG: a layer is damaged. */
int image_export_oci(ImageStore *s, const Image *image, Fetcher *fetcher, int fd, char **reterr_message);

/* For appc's the ACI, byte for byte as it was fetched, so that its signature still fits. For others one ACI of all
 * that the layers add up to, not compressed, with a manifest made of the config as docker2aci makes it. */
int image_export_aci(ImageStore *s, const Image *image, int fd, char **reterr_message);

/* An OCI archive made here, of one layer, the tree. */
typedef struct OciContents {
        json_object *config;    /* is completed */
        const MergedTree *tree;
        char **names;
} OciContents;

int image_write_oci(const OciContents *contents, int fd, char **reterr_message);
