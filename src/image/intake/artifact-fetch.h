/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "image/name/docker-reference.h"
#include "image/store/image-artifacts.h"
#include "image/transport/fetcher.h"

/* What is asked for. */
typedef struct ArtifactSubject {
        const Digest *image;
        const Digest *index;    /* which its name refers to there, and which may have some as well; NULL: none */
        const char *manifest;   /* that names the image that it was built on; NULL: it names none */
        size_t manifest_size;
} ArtifactSubject;

/* Fetches what the registry has beside an image of the store, by its referrers API or the tags that stand in for it,
 * and keeps it with the image, instead of what was kept before. index: which its name refers to there, and which may
 * have some as well; NULL: none. Those of the image that it was built on come too, if they are in the same place.
 * Errors are those of fetcher_fetch() and artifact_intake_take(). */
int artifacts_fetch(ImageStore *s, Fetcher *f, const DockerReference *name, const Digest *image, const Digest *index,
                    char **reterr_message);

/* The same into a directory, without a store: for the image, with its manifest. The list of *ret is the caller's to
 * write. */
int artifacts_fetch_into(Fetcher *f, const DockerReference *name, const ArtifactSubject *subject, int dir_fd,
                         ImageArtifacts *ret, char **reterr_message);
