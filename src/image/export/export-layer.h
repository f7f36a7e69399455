/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "image/store/image-store-internal.h"
#include "image/transport/fetcher.h"
#include "manifest/oci-descriptor.h"

/* The source of a layer's bytes when its image leaves the store, which keeps each layer once, in the form that came
 * first: perhaps with another image, and with another compression. */

typedef struct ExportLayer {
        int fd;          /* the file that had to be fetched; negative: the layer is kept in the store */
        bool decompress; /* export the tar inside the file that is kept */
        bool changed;    /* the manifest named another form, which is not available */
} ExportLayer;

/* *d: the layer's descriptor in the manifest. If that form is neither kept nor available from the registry of one of
 * the image's names, *d becomes the form that is kept. fetcher may be NULL. */
int export_layer_find(ImageStore *s, const Image *image, Fetcher *fetcher, const Digest *layer, OciDescriptor *d,
                      ExportLayer *ret, char **reterr_message);
void export_layer_done(ExportLayer *l);
