/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cli/context.h"

/* Signatures that an image has in its registry, as cosign makes them. All of these log. */

/* Whether the key is a file with a secret key in PEM, and not one of gpg's: then *ret_text has it. */
int sign_key_read(const char *key, char **ret_text, size_t *ret_size);
/* Signs an image with it: "docker://NAME[:TAG][@DIGEST]", "HOST/NAME[:TAG]@DIGEST", or one of the store, by its
 * name. */
int sign_in_registry(Context *c, const char *key, const char *text, size_t size, const char *word);
