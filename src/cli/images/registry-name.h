/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "image/name/image-location.h"

/* Where an image is sent to: "docker://HOST/NAME[:TAG]". -EINVAL: it is something else, or has a digest. */
int registry_name_parse(const char *text, ImageLocation *ret, char **reterr_message);
