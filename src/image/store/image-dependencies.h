/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "image/store/image-store.h"
#include "manifest/appc-image.h"

/* Dependencies of appc images (appc spec/aci.md, "Dependency Matching"): by name and labels, and by image ID where one
 * is given; which image of the store that is, is decided each time it is asked for. */

/* An image on the way through all that an image is made of. One that several depend on is visited for each of them. */
typedef struct ImageVisit {
        Digest id;
        Digest *layers;
        size_t n_layers;
        unsigned depth;
        const struct ImageVisit *dependent;     /* whose dependency it is here; NULL for the image itself */
        char **allowed;                         /* its pathWhitelist with all parents, sorted, relative to the top */
        size_t n_allowed;                       /* 0: everything */
} ImageVisit;

/* In the order in which they are laid over one another: each image's dependencies as it lists them, then itself. */
typedef struct ImageVisits {
        ImageVisit **visits;
        size_t n, n_allocated;
} ImageVisits;

void image_visits_done(ImageVisits *v);

/* -ENOENT: the store lacks one of them. -ELOOP: it depends on itself. -E2BIG: these are too many. */
#define IMAGE_VISITS_MAX 4096U
int image_visits_find(ImageStore *s, const Image *image, ImageVisits *ret, char **reterr_message);

/* Whether what is at the path comes out in the end: it is on all whitelists from the visited image's own to that of the
 * image itself, or the parent of something there. From its own whitelist directories are exempt. */
bool image_visit_allows(const ImageVisit *v, const char *path, bool is_directory);

/* Which dependencies the store lacks, the image's and those of its dependencies as far as these are there, as
 * arguments of `podctl fetch`: "NAME[:VERSION][,label=value…]", each once. Images that are not appc's lack none.
 * After fetching them ask again: they have dependencies too, and may not be what was asked for (an image ID, other
 * labels). */
int image_dependencies_missing(ImageStore *s, const Digest *id, char ***ret, char **reterr_message);

/* The image in the store that serves as the dependency. -ENOENT. */
int image_dependency_find(ImageStore *s, const AppcDependency *dependency, Digest *ret);
