/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "image/source/source-registry.h"

/* Saves an image that source_registry_describe() found as an OCI layout in a directory, without a store, so that nobody
 * has to be root. The digests of its layers are checked. Errors are those of fetcher_fetch(). After a failure the
 * directory has a part of it. */
int registry_save(Fetcher *f, const DockerReference *reference, const SourceImage *image, int dir_fd,
                  char **reterr_message);
