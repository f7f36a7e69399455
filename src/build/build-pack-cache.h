/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "build/build-cache.h"
#include "manifest/oci-descriptor.h"

/* Layers as they were compressed, beside the steps of a cache and with their rules: by the digest of the layer, and the
 * libraries that compress. Neither logs; a build goes on without. */

/* The record gets those that the layers do not have yet. Damaged ones are removed. */
int build_pack_cache_take(BuildCache *c, BuildContext *build, OciCompression compression);
/* Keeps those of the record. */
int build_pack_cache_keep(BuildCache *c, const BuildContext *build, OciCompression compression);
