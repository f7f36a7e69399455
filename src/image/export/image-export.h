/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "image/store/image-store.h"
#include "image/transport/fetcher.h"
#include "image/tree/merged-tree.h"

/* Exports images to a file in the form in which they came. The caller holds the store's lock, shared. */

/* An OCI archive: a tar of an image layout (image-spec, image-layout.md) with the manifests, configs and layers under
 * their digests, and an entry of index.json for each of an image's names (which the caller looked up). A layer that
 * came with another image may be kept in another form than the manifest names: then it is fetched from the registry of
 * one of the names. Returns 1 if that failed, or there is no fetcher (NULL): then the archive contains the layer in the
 * form that is kept, and an adapted manifest, which makes it another image. Otherwise the artifacts that go with an
 * image (image/export/artifact-set.h) are in the archive, too. -EBADMSG: a layer is damaged. */
int image_export_oci(ImageStore *s, Image *const *images, size_t n, Fetcher *fetcher, int fd, char **reterr_message);

/* For an appc image, the ACI, byte for byte as it was fetched, so that its signature remains valid. For others, one ACI
 * of all layers combined, not compressed, with a manifest made from the config in docker2aci's form. */
int image_export_aci(ImageStore *s, const Image *image, int fd, char **reterr_message);

/* An OCI archive that is created here, with the tree as its single layer. */
typedef struct OciContents {
        json_object *config;    /* this is completed */
        const MergedTree *tree;
        char **names;
} OciContents;

int image_write_oci(const OciContents *contents, int fd, char **reterr_message);
