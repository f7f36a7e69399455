/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "image/store/image-artifacts.h"
#include "manifest/oci-image.h"

/* Artifacts on their way to an image of the store, wherever they come from; nothing there is trusted. */

typedef struct ArtifactOrigin {
        /* *ret is the manifest as it is there; its digest is checked here. */
        int (*read_manifest)(void *userdata, const OciDescriptor *d, char **ret, size_t *ret_size,
                             char **reterr_message);
        /* Writes no more than the size that the descriptor says, to the file, which is empty. */
        int (*read_blob)(void *userdata, const OciDescriptor *d, int fd, char **reterr_message);
        const char *otherwise;  /* what is said of something that its digest does not fit: "is damaged" */
        bool mixed;             /* its lists have other manifests too, which are passed over */
        void *userdata;
} ArtifactOrigin;

typedef struct ArtifactIntake ArtifactIntake;

/* Takes what there is, by artifact_intake_take(). */
typedef int (*ArtifactTake)(ArtifactIntake *k, void *userdata, char **reterr_message);

/* Those of the list that are about the subject. -EBADMSG: something is not what its digest says, or is about another
 * image. -E2BIG: one is too large, or there are too many. */
int artifact_intake_take(ArtifactIntake *k, const OciIndex *list, const Digest *subject, char **reterr_message);

/* The manifest under a tag that says what it is about (image_artifact_suffix()). */
int artifact_intake_take_tagged(ArtifactIntake *k, const char *tag, const Digest *subject, const char *text, size_t n,
                                char **reterr_message);

/* What is taken, into the directory; its list is the caller's to write. */
int artifact_intake_into(int dir_fd, const ArtifactOrigin *origin, ArtifactTake take, void *userdata,
                         ImageArtifacts *ret, char **reterr_message);
/* What is taken replaces what the image had. */
int artifact_intake_for(ImageStore *s, const Digest *image, const ArtifactOrigin *origin, ArtifactTake take,
                        void *userdata, char **reterr_message);
