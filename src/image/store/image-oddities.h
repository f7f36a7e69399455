/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "image/store/image-store.h"

/* What of an image of the store will not be as it says, one line each, for the user who fetches it: values of its
 * configuration that cannot be used, by member, and files whose owners are no less than n_ids, which a pod does not
 * have. None of it keeps the image from being run. */
int image_oddities(ImageStore *s, const Digest *id, uint32_t n_ids, char ***ret, char **reterr_message);
