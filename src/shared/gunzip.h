/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <sys/types.h>

#include "basic/macro.h"

/* Gzip (RFC 1952) as a stream, decoded by ISA-L: layers of images are nearly always gzip, decoding them is most of the
 * work of a fetch, and ISA-L needs less than half of zlib's time for it. As with gzip(1), a file may have several
 * members, and trailing data that does not begin like a member is ignored. */
typedef struct Gunzip Gunzip;

/* Returns the next compressed bytes, which it still owns; 0 at the end, or a negative errno. */
typedef ssize_t (*GunzipRead)(void *userdata, const void **ret);

int gunzip_new(GunzipRead read, void *userdata, Gunzip **ret);
Gunzip *gunzip_free(Gunzip *g);
DEFINE_TRIVIAL_CLEANUP_FUNC(Gunzip *, gunzip_free);

/* Returns the next decompressed bytes, owned by the decoder and valid until the next call. 0: the end. -EBADMSG:
 * damaged or truncated; *ret then points at a text saying so. Other errors are the reader's. */
ssize_t gunzip_read(Gunzip *g, const void **ret);
