/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "image/image-store.h"

/* An OCI or Docker image as one ACI: part of image/image-export.h. */
int aci_export(ImageStore *s, const Image *image, int fd, char **reterr_message);
