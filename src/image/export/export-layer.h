/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "image/store/image-store-internal.h"
#include "image/transport/fetcher.h"
#include "manifest/oci-descriptor.h"

/* Where the bytes of a layer come from when its image leaves the store, which keeps each layer once, as it came first:
 * perhaps with another image, and compressed in another way. */

typedef struct ExportLayer {
        int fd;          /* of what had to be fetched; negative: it is kept in the store */
        bool decompress; /* it is the tar in what is kept */
        bool changed;    /* the manifest named another form, and there is none such */
} ExportLayer;

/* *d: what the manifest says. Where that is neither kept nor to be had from where one of the image's names says, it
 * becomes what there is. fetcher may be NULL. */
int export_layer_find(ImageStore *s, const Image *image, Fetcher *fetcher, const Digest *layer, OciDescriptor *d,
                      ExportLayer *ret, char **reterr_message);
void export_layer_done(ExportLayer *l);
