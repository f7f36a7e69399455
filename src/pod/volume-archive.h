/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "pod/volume-store.h"

/* The content of a volume as a tar archive, uncompressed, in the pax format: all that a file has but for attributes
 * other than user.*, security.capability and POSIX ACLs, which belong to the host. Sockets are left out, and so are
 * overlayfs' whiteouts, devices 0/0. */

/* Writes the directory's content. A pod may change it meanwhile: a process with the directory as its root reads it,
 * so that no link leads out of it. */
int volume_export(int data_fd, int fd, char **reterr_message);

/* Fills a volume (VolumeFill) from an archive, which may be compressed and is hostile: see image/tree/image-unpack.h
 * and image/intake/layer-unpack.h. -EBADMSG: refused, or damaged. */
typedef struct VolumeImport {
        int fd;              /* of the archive */
        uint32_t highest_id; /* the result: the highest ID that a file has */
} VolumeImport;

int volume_import(int data_fd, void *import, char **reterr_message);
