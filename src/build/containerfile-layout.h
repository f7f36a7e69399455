/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/digest.h"

/* buildah(1) makes images in Docker's format, since that of the OCI has no place for HEALTHCHECK, SHELL and ONBUILD.
 * Here they become images of the OCI that have them nevertheless, as other tools read them there too. What differs each
 * time that the same image is made, such as names of containers, goes. */

/* Of what "buildah push" puts into the directory "dir:" of one in Docker's format, makes an image layout in another
 * one, both below dir_fd; the layers are moved there. *ret is the digest of the manifest. -EBADMSG: it is not such a
 * directory. */
int containerfile_layout_make(int dir_fd, const char *from, const char *to, Digest *ret, char **reterr_message);
