/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "image/name/docker-reference.h"
#include "image/store/image-store.h"
#include "image/transport/fetcher.h"

/* An OCI or Docker image goes from the store to a registry. The caller holds the store's lock, shared. *ret is the
 * digest of the manifest there. Returns 1 if that is another one than the image has here, since layers are kept in
 * another form, and the registry of none of the image's names has the right one: then signatures do not fit it. Errors
 * are those of image_push(); -EMEDIUMTYPE: it is an appc image. */
int store_push(ImageStore *s, const Image *image, Fetcher *f, const DockerReference *name, Digest *ret,
               char **reterr_message);
