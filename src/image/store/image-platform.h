/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "image/store/image-store.h"

/* Whether the platform that an image names is this host. An appc image without one is for all hosts (appc, aci.md,
 * "Image Manifest Schema": os, arch). -ENOEXEC: for another operating system. Another architecture may be emulated
 * (binfmt_misc of the kernel): that is a warning, one line in *ret_warning. */
int image_check_platform(const Image *image, char **ret_warning, char **reterr_message);
