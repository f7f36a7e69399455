/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "build/build-cache.h"
#include "cli/context.h"
#include "cli/terminal/fetch-progress.h"
#include "image/export/registry-blobs.h"
#include "image/name/image-location.h"

/* -EACCES: whoever this is may not read images of the store. */
int build_check_store(Context *c, const char *from, char **reterr_message);

/* An image of a registry that does not go through the store, since that belongs to root and has what this host can
 * run. */

typedef struct RegistryImage {
        Context *context;
        Fetcher *fetcher;
        const char *text;               /* as it was asked for */
        const ImageLocation *location;
        const OciPlatform *platform;    /* NULL: this host's */
        bool unverified;                /* else by the same rules as a fetch into the store */
        SourceImages images;            /* what is there */
        FetchProgress *progress;
        BuildCache *cache;
        int partial_fd;
} RegistryImage;

/* All of it is freed by registry_image_done(). */
#define REGISTRY_IMAGE(...) { .partial_fd = -EBADF, __VA_ARGS__ }

int registry_image_describe(RegistryImage *g, char **reterr_message);
/* How its layers are fetched, with a progress that the user sees; those whose transfer is interrupted are gone on with
 * by the next one of the same user, if there is a place for a cache. */
int registry_image_prepare(RegistryImage *g, RegistrySave *ret);
void registry_image_done(RegistryImage *g);
