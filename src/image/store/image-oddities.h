/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "image/store/image-store.h"

/* The parts of an image that will not work as they say, one line each, for the user who fetches it: unusable values of
 * its configuration, by member, and files whose owners are not below n_ids, which a pod does not have. The image can be
 * run nevertheless. */
int image_oddities(ImageStore *s, const Digest *id, uint32_t n_ids, char ***ret, char **reterr_message);
