/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "image/store/image-store.h"

/* Checks whether an image is on disk as it was fetched: its documents and blobs are hashed, and each layer's blob is
 * unpacked again beside the layer and compared with it, file by file. Temporarily needs as much free space as the
 * largest layer. Damaged parts are marked (image/store/store-damage.h). */

/* where: "manifest", "config", "record", "layer sha256:…"; path: of a file in it, or NULL; what: "content", "missing",
 * … */
typedef int (*ImageDifference)(const char *where, const char *path, const char *what, void *userdata);

/* Takes an ID, since the image may be too broken to be loaded. 0: the image is intact. 1: it is not; each difference
 * has been reported. -ENOSPC and other errors: it could not be determined. The caller holds the store's lock,
 * shared. */
int image_integrity_check(ImageStore *s, const Digest *id, ImageDifference report, void *userdata,
                          char **reterr_message);

/* Unpacks the damaged layers of an image again from their own blobs and replaces the damaged trees, without the
 * network. Check the image before. -EBADMSG, -ENOENT: a blob or a document is damaged or missing too; the other layers
 * were repaired. The caller holds the store's lock, shared. */
int image_integrity_repair(ImageStore *s, const Digest *id, char **reterr_message);
