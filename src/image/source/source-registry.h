/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "image/name/docker-reference.h"
#include "image/source/source-options.h"

/* Images of registries. The layers are fetched several at a time; those that are there are not fetched, and one whose
 * transfer broke off, in another process too, is gone on with. */

/* Brings the image to the store under its name in full. What is known of it from earlier (image/store/image-remote.h)
 * saves asking for more than its digest when that is still the same. *ret_id is the image's ID. Errors are those of
 * fetcher_fetch(), image_verify_claim() and source_path_import(). */
int source_registry_fetch(ImageStore *s, Fetcher *fetcher, const DockerReference *reference, const char *name,
                          const SourceOptions *options, char **ret_id, char **reterr_message);
