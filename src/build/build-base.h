/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "build/build-context.h"
#include "image/export/registry-blobs.h"

/* What a build begins with. All fill the record of a build that begins; the caller saves it. Layers of a base are read,
 * to check them and to learn which files they have; those of the store and of registries are kept in the build, and
 * others stay where they are. */

typedef struct BuildBaseOptions {
        const char *platform;   /* as in build_config_new(); the base has to be for it, and it chooses from an index */
        bool any_platform;      /* without platform: the base may be for another one than this host's */
        bool continues;         /* the new image is that one, changed, and keeps the annotations of its manifest */
} BuildBaseOptions;

/* platform: as in build_config_new(). */
int build_base_scratch(BuildContext *c, const char *platform, char **reterr_message);
/* An image of the store. The caller holds the store's lock, shared. */
int build_base_image(BuildContext *c, ImageStore *store, const Image *image, const BuildBaseOptions *options,
                     char **reterr_message);
/* Its layers are fetched into the build. */
int build_base_registry(BuildContext *c, const RegistrySave *from, const BuildBaseOptions *options,
                        char **reterr_message);
/* An OCI layout, or an archive of one or by `docker save`, which is unpacked into the context. reference: which of its
 * images, or NULL. -ENOTUNIQ: it has several. -EMEDIUMTYPE: it is something else. */
int build_base_path(BuildContext *c, const char *path, const char *reference, const BuildBaseOptions *options,
                    char **reterr_message);

/* Says in the annotations of the new image what that base is (image-spec, "Pre-Defined Annotation Keys"). name: as it
 * was asked for; it is left out if it does not begin with a registry, and could mean another image elsewhere. */
int build_base_annotate(BuildRecord *r, const char *name);
