/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "image/name/docker-reference.h"
#include "image/store/image-artifacts.h"
#include "image/transport/fetcher.h"

/* Fetches what the registry has beside an image of the store, by its referrers API or the tags that stand in for it,
 * and keeps it with the image, instead of what was kept before. index: which its name refers to there, and which may
 * have some as well; NULL: none. Those of the image that it was built on come too, if they are in the same place.
 * Errors are those of fetcher_fetch() and artifact_intake_take(). */
int artifacts_fetch(ImageStore *s, Fetcher *f, const DockerReference *name, const Digest *image, const Digest *index,
                    char **reterr_message);
