/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "image/intake/image-import.h"

/* The manifest of an image that came without one: `docker save` archives have only a config and layers. It is made from
 * these alone, so that the same image always gets the same ID. */

typedef struct DockerManifest {
        char *text;
        size_t size;
        Digest id;
} DockerManifest;

/* Once the layers are imported (distribution, manifest-v2-2.md). The text is the caller's. */
int docker_manifest_make(ImageImport *m, const Digest *config, uint64_t config_size, const Digest *layers,
                         size_t n_layers, DockerManifest *ret, char **reterr_message);
