/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "build/build-context.h"
#include "image/name/docker-reference.h"
#include "image/transport/fetcher.h"
#include "manifest/oci-descriptor.h"

/* Sends the image to a registry: errors are those of image_push(), and -ENODATA when it has no files. The caller has
 * closed its last layer; others get into the record as they were compressed. *ret is the digest of the manifest. */
int build_push(BuildContext *c, Fetcher *f, const DockerReference *name, OciCompression compression, Digest *ret,
               char **reterr_message);
