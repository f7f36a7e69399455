/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <sys/types.h>

#include "basic/macro.h"

/* Gzip (RFC 1952) as a stream, decoded by ISA-L: layers of images are nearly always gzip, decoding them is most of the
 * work of a fetch, and ISA-L needs less than half of zlib's time for it. Several members follow one another as
 * gzip(1) has it; what follows them and begins like no member is passed over. */
typedef struct Gunzip Gunzip;

/* Hands out the next compressed bytes, which stay its own; 0 at the end, or a negative errno. */
typedef ssize_t (*GunzipRead)(void *userdata, const void **ret);

int gunzip_new(GunzipRead read, void *userdata, Gunzip **ret);
Gunzip *gunzip_free(Gunzip *g);
DEFINE_TRIVIAL_CLEANUP_FUNC(Gunzip *, gunzip_free);

/* The next decompressed bytes, the decoder's until the next call. 0: the end. -EBADMSG: damaged or truncated; *ret then
 * points at a text saying so. Other errors are the reader's. */
ssize_t gunzip_read(Gunzip *g, const void **ret);
