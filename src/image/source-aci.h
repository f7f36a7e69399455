/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "image/image-source.h"

/* appc images (appc spec/aci.md): a tar of "manifest" and "rootfs/", plain or compressed. One layer; the ID is the
 * SHA-512 of the uncompressed tar. */

/* Dir_fd of the source is not used: the image is the file. */
int source_aci_import(const Source *source, int fd, ImageImport *m, char ***ids, char **reterr_message);
