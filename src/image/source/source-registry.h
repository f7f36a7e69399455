/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "image/name/docker-reference.h"
#include "image/source/image-source.h"

/* Images of registries. The layers are fetched in parallel; existing ones are not fetched, and interrupted transfers
 * are resumed, also those of another process. */

/* Fetches the image into the store under its complete name. With the record of an earlier fetch
 * (image/store/image-remote.h), only its digest is requested if that is unchanged. *ret_id is the image's ID. Errors
 * are those of fetcher_fetch(), image_verify_claim() and source_path_import(). */
int source_registry_fetch(ImageStore *s, Fetcher *fetcher, const DockerReference *reference, const char *name,
                          const SourceOptions *options, char **ret_id, char **reterr_message);

/* Only looks, by one HEAD request, which image the name refers to there. *ret_id is its ID if it is the one that was
 * fetched last, else NULL: there is another. */
int source_registry_look(ImageStore *s, Fetcher *fetcher, const DockerReference *reference, const char *name,
                         char **ret_id, char **reterr_message);

/* What is there by that name, without a store: the documents of the image, and what its layers are. The options say for
 * which platform, and whether it is verified. Errors are those of source_registry_fetch(). */
int source_registry_describe(Fetcher *fetcher, const DockerReference *reference, const char *name,
                             const SourceOptions *options, SourceImages *ret, char **reterr_message);
