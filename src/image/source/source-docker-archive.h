/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "image/source/image-source.h"

/* What `docker save` wrote before it wrote image layouts, and podman, skopeo and others still do: "manifest.json"
 * listing images, each a config file and the uncompressed tars of its layers, some of them symbolic links to others.
 * There is no manifest in it; we make one up of nothing but the config and the layers, so that the same image always
 * gets the same ID. */

#define DOCKER_ARCHIVE_MANIFEST "manifest.json"

int source_docker_archive_find(const Source *source, SourceImages *ret, char **reterr_message);

/* The same file found beside an OCI layout only adds names, for the images of the same config. */
int docker_archive_read(const Source *source, DockerArchive **ret, char **reterr_message);
int docker_archive_add_names(const DockerArchive *archive, SourceImage *image);
