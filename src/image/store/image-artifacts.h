/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "image/store/image-store.h"

/* What a registry has beside an image, and what says of itself that it is about the image: bills of materials,
 * provenance, signatures (distribution specification, "Listing Referrers"); or what has a tag that cosign makes of the
 * image's digest. They are in the directory "artifacts" of the image: their manifests and blobs under their digests,
 * and a list. Nothing here looks into them. */

typedef struct ImageArtifact {
        Digest digest;          /* of its manifest */
        Digest subject;         /* the image, or the index that this was found through */
        char *media_type;       /* of its manifest */
        char *type;             /* what it is: "application/spdx+json" */
        char *tag;              /* what leads to it, since it does not say itself what it is about; or NULL */
} ImageArtifact;

typedef struct ImageArtifacts {
        ImageArtifact *items;
        size_t n;
} ImageArtifacts;

/* What follows the digest, with '-', in such a tag; ends with NULL. */
extern const char *const image_artifact_suffixes[];
/* The suffix of a tag for that subject; NULL: it is none. */
const char *image_artifact_suffix(const char *tag, const Digest *subject);

void image_artifacts_done(ImageArtifacts *a);
/* Takes over the item, also on failure. */
int image_artifacts_add(ImageArtifacts *a, ImageArtifact *item);

/* The directory of an image. Returns its fd; -ENOENT: it has no artifacts. */
int image_artifacts_open(ImageStore *s, const Digest *image);
/* Their list in it. */
int image_artifacts_read(int dir_fd, ImageArtifacts *ret, char **reterr_message);
int image_artifacts_write(const ImageArtifacts *a, int dir_fd);
/* A manifest or blob in it. -ENOENT. */
int image_artifact_open(int dir_fd, const Digest *blob);
/* Their kinds, in the image: image->artifacts. */
int image_artifacts_look(ImageStore *s, Image *image, char **reterr_message);

/* What has been put into the directory replaces what the image had; the list is written. The caller holds the store's
 * lock, shared. */
int image_artifacts_put(ImageStore *s, const Digest *image, const ImageArtifacts *a, int parent_fd, const char *name);
