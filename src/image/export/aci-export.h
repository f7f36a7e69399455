/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "image/store/image-store.h"
#include "image/tree/merged-tree.h"

/* ACIs that are created here (spec/aci.md). */

typedef struct AciContents {
        json_object *manifest;  /* NULL: no manifest, and no "rootfs/" either: a layer of an OCI image */
        const MergedTree *tree;
        bool without_top;       /* only what is in the directory: extracting leaves that of the reader as it is */
        bool keep_holes;        /* write sparse files as such, which not every reader of images knows */
        bool owner_root;        /* all files belong to root, whoever has them here */
        bool device_links;      /* add links to /dev/fd and the like, which Docker's images rely on */
} AciContents;

/* Sockets are left out. */
int aci_write(const AciContents *contents, bool gzip, int fd, char **reterr_message);

/* Exports an OCI or Docker image as one ACI: part of image/export/image-export.h. */
int aci_export(ImageStore *s, const Image *image, int fd, char **reterr_message);

/* The manifest of such an ACI, made from the config. */
int image_to_appc(const Image *image, json_object **ret, char **reterr_message);
