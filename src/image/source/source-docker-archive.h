/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "image/source/image-source.h"

/* The format that `docker save` wrote before image layouts, and that podman, skopeo and others still write:
 * "manifest.json" lists images, each a config file and the uncompressed tars of its layers, some of them symbolic links
 * to others. It contains no image manifest; we create one from the config and the layers alone, so that the same image
 * always gets the same ID. */

#define DOCKER_ARCHIVE_MANIFEST "manifest.json"

int source_docker_archive_find(const Source *source, SourceImages *ret, char **reterr_message);

/* The same file beside an OCI layout only adds names, to the images with the same config. */
int docker_archive_read(const Source *source, DockerArchive **ret, char **reterr_message);
int docker_archive_add_names(const DockerArchive *archive, SourceImage *image);
