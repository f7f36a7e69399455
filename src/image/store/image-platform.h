/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "image/store/image-store.h"

/* Whether what an image says it is made for is this host. An image of appc that does not say so is for all of them
 * (appc, aci.md, "Image Manifest Schema": os, arch). -ENOEXEC: not for its system. Another architecture may be emulated
 * (binfmt_misc of the kernel): that is a warning, one line in *ret_warning. */
int image_check_platform(const Image *image, char **ret_warning, char **reterr_message);
