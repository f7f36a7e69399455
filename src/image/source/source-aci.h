/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "image/source/image-source.h"
#include "manifest/appc-pod.h"

/* An appc image, a single file that says itself what it is called (appc spec/aci.md), from wherever it comes. */
typedef struct AciOrigin {
        LayerOrigin layer;      /* gives the file as the one blob there is */
        const char *partial;    /* as in LayerItem */
        /* Its signature, asked for once the image is there; -ENODATA and others are refusals. */
        int (*signature)(void *userdata, const char *name, char **ret, size_t *ret_size, char **reterr_message);
        const AppcImageRef *wanted;     /* the name and labels it must have; NULL: any */
        void *userdata;
} AciOrigin;

int source_aci_import(const AciOrigin *origin, const SourceOptions *options, ImageImport *m, Digest *ret_id,
                      char **reterr_message);

/* The file at the source's path, opened; its signature is in a file beside it. */
int source_aci_import_file(const Source *source, int fd, ImageImport *m, char ***ids, char **reterr_message);
