/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "build/build-pack.h"

/* The OCI image that the build makes, before it goes anywhere. The caller has closed its last layer. */
typedef struct BuildImage {
        BuildPacked *layers;
        size_t n_layers;
        char *config;
        Digest config_digest;
        char *manifest;
        Digest manifest_digest;
} BuildImage;

/* -ENODATA: it has no layer, with which nobody can do anything. */
int build_image_check(const BuildContext *c, char **reterr_message);

/* Layers that are compressed already stay as they are; others get into the record as they were compressed. */
int build_image_make(BuildContext *c, OciCompression compression, BuildImage *ret, char **reterr_message);
/* The same with no layer compressed. */
int build_image_make_unpacked(BuildContext *c, BuildImage *ret, char **reterr_message);
/* The same with another config, and with all layers as they are. */
int build_image_make_with(BuildContext *c, json_object *config, BuildImage *ret, char **reterr_message);
/* The base itself, whose manifest is unknown, in the process that began with it. */
int build_image_make_base(BuildContext *c, BuildImage *ret, char **reterr_message);
void build_image_done(BuildImage *image);
