/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "image/export/export-layer.h"
#include "manifest/oci-image.h"

/* How an OCI or Docker image leaves the store: with its manifest as it came, or with one that is adapted where layers
 * are only available in another form. */

typedef struct ExportPlan {
        const Image *image;     /* the caller's, set before */
        OciManifest *manifest;
        char *text;             /* of the manifest */
        Digest id;              /* of that */
        ExportLayer *layers;
        size_t n_layers;
} ExportPlan;

/* store: NULL, for an image that is created here, whose layers are as its manifest says. Returns 1 if the manifest is a
 * new one. Errors are those of export_layer_find(); what was planned is freed by the caller, also on failure. */
int export_plan_make(ImageStore *store, Fetcher *fetcher, ExportPlan *plan, char **reterr_message);
void export_plan_done(ExportPlan *plan);
