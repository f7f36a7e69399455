/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cli/context.h"

/* Images for verbs. All of these log. */

/* Brings the images of a file or directory into the store. Signature is the file with that of an ACI, or NULL. */
int fetch_images(Context *c, const char *path, const char *name, const char *signature, char ***ret_ids);

/* Tells of dependencies of these images (IDs) that the store lacks, which is no failure before something is run. */
int warn_of_missing_dependencies(Context *c, char *const *ids);

/* The image a user means: a file, which is fetched, or something the store has. */
int fetch_or_find_image(Context *c, const char *text, Image **ret);
int find_image(Context *c, const char *text, Image **ret);

/* Of an image's names the one that the user means by the text, else the first; NULL when it has none. */
const char *image_display_name(const Image *image, const char *text);

/* "sha512-" and 32 hex digits as rkt prints them, or all of them. */
char *format_image_id(const char *id, bool full);
