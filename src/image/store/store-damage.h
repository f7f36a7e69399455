/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "image/store/image-store.h"

/* A damaged entry (image/intake/image-integrity.h) has the file "damaged" in its directory. A layer with this mark
 * counts as missing (layer_exists()), an image with it cannot be loaded, and neither is run. The next fetch brings a
 * replacement, which takes its place by a rename. A layer's tree may be mounted in running pods: it stays under another
 * name, "aside-NAME.…", until no pod uses a layer of that name; then the collection removes it. The same holds for
 * trees made from it ("top-…", with links to its files), which are made again when they are needed. */

#define ASIDE_PREFIX "aside-"

bool layer_is_damaged(ImageStore *s, const char *name);
int layer_mark_damaged(ImageStore *s, const Digest *layer);
int image_mark_damaged(ImageStore *s, const Digest *id);
/* Call this after a repair. */
int image_mark_sound(ImageStore *s, const Digest *id);

/* Moves a complete layer or other tree from a staging directory into place. -EEXIST: there is an intact one already. */
int layer_move_in(ImageStore *s, int from_fd, const char *name);
/* The same for an image's directory. */
int image_move_in(ImageStore *s, int from_fd, const char *name);

/* The same of one that was loaded. */
bool image_has_layers(ImageStore *s, const Image *image);

/* The name of a layer that was put aside; NULL: it is not such a layer. The caller frees it. */
char *layer_of_aside(const char *name);
