/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cli/context.h"

/* An image of the store by any name or ID that the interface has for it: "sha256:…", its first digits, which is what
 * crictl prints, or a name with a tag, a digest, or both. -ENOENT: there is none. -EINVAL, -ENOTUNIQ: the text is not
 * one of these, or fits several. */
int cri_image_find(Context *c, const char *text, Image **ret);

/* What to call an image that a client has named so: a kubelet names images by their IDs, and people read what it shows.
 * *ret_name is a name with a tag where there is one; *ret_reference the digest with the repository of that name. Both
 * are the ID of an image that has no name. */
int cri_image_names(Context *c, const Digest *id, const char *said, char **ret_name, char **ret_reference);
