/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "image/store/image-store.h"

/* Images that pods of pods.d start with are not removed by the way. All log. */

/* *ret is the name of a pod that starts with the image; NULL: none does. An error if there is a file of pods.d that
 * cannot be read: then nobody knows. */
int image_starter_find(ImageStore *store, const char *data, const Digest *id, char **ret);
int image_starter_refuse(const char *what, const char *text, const char *pod);

/* Removes a name of the image. -EBUSY: it is the only one by which a pod knows the image that it starts with. */
int image_starter_drop_name(ImageStore *store, const char *data, const char *name, const Digest *id);
