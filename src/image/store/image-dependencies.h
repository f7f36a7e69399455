/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "image/store/image-store.h"
#include "manifest/appc-image.h"

/* Dependencies of appc images (appc spec/aci.md, "Dependency Matching"): by name and labels, and by image ID if one is
 * given; they are resolved to an image of the store each time they are needed. */

/* A step on the way through all parts of an image. A dependency of several images is visited for each of them. */
typedef struct ImageVisit {
        Digest id;
        Digest *layers;
        size_t n_layers;
        unsigned depth;
        const struct ImageVisit *dependent;     /* the image that depends on it here; NULL for the image itself */
        char **allowed;                         /* its pathWhitelist with all parents, sorted, relative to the top */
        size_t n_allowed;                       /* 0: everything */
} ImageVisit;

/* In the order in which they are stacked: each image's dependencies as it lists them, then itself. */
typedef struct ImageVisits {
        ImageVisit **visits;
        size_t n, n_allocated;
} ImageVisits;

void image_visits_done(ImageVisits *v);

/* -ENOENT: the store lacks one of them. -ELOOP: it depends on itself. -E2BIG: there are too many. */
#define IMAGE_VISITS_MAX 4096U
int image_visits_find(ImageStore *s, const Image *image, ImageVisits *ret, char **reterr_message);

/* Whether the path is visible in the result: it is on all whitelists from the visited image's own to that of the image
 * itself, or is a parent of such a path. Directories are exempt from the image's own whitelist. */
bool image_visit_allows(const ImageVisit *v, const char *path, bool is_directory);

/* Which dependencies the store lacks, of the image and of its available dependencies, as arguments of `podctl fetch`:
 * "NAME[:VERSION][,label=value…]", each once. Images of other formats than appc's lack none. After fetching them ask
 * again: they have dependencies too, and may not match (an image ID, other labels). */
int image_dependencies_missing(ImageStore *s, const Digest *id, char ***ret, char **reterr_message);

/* The dependency as an argument of `podctl fetch`. NULL: out of memory. */
char *image_dependency_text(const AppcDependency *dependency);

/* The image in the store that satisfies the dependency. -ENOENT. */
int image_dependency_find(ImageStore *s, const AppcDependency *dependency, Digest *ret);
