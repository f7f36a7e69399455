/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "manifest/appc-pod.h"

/* Images as people name them, in descriptions of pods that nobody has made yet. */

/* Whether a start can fetch it; a name without a host is looked up in the store. */
bool image_is_remote(const char *text);
/* Whether it is the ID of one image, and not a name, which may get another. */
bool image_is_id(const char *text);

/* Makes the app use the image: its name or ID and, if it can be fetched, its origin (podctl/image). -EINVAL with a
 * message: it is a file, or nothing that names an image. */
int image_origin_set(AppcPodApp *app, const char *text, char **reterr_message);
