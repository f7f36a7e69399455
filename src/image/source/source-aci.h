/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "image/source/image-source.h"
#include "manifest/appc-pod.h"

/* An appc image: a single file that contains its own name (appc spec/aci.md), whatever its source. */
typedef struct AciOrigin {
        LayerOrigin layer;      /* yields the file as the only blob */
        const char *partial;    /* as in LayerItem */
        /* Its signature, requested once the image is there; -ENODATA and others are refusals. */
        int (*signature)(void *userdata, const char *name, char **ret, size_t *ret_size, char **reterr_message);
        const AppcImageRef *wanted;     /* the name and labels it must have; NULL: any */
        void *userdata;
} AciOrigin;

int source_aci_import(const AciOrigin *origin, const SourceOptions *options, ImageImport *m, Digest *ret_id,
                      char **reterr_message);

/* Opens the file at the source's path; its signature is in a file beside it. */
int source_aci_import_file(const Source *source, int fd, ImageImport *m, char ***ids, char **reterr_message);
