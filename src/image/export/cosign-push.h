/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "image/name/docker-reference.h"
#include "image/transport/fetcher.h"
#include "keys/secret-key.h"

/* Signs an image in a registry as cosign does (sigstore/cosign, SIGNATURE_SPEC.md): a payload of "simple signing" and
 * its signature become an image of their own beside it, under the tag sha256-HEX.sig, with those that are there
 * already. signed_as: the name in the payload, with or without a tag. Nothing goes to a log.
 *
 * Errors are those of image_push(). -EMFILE: there are so many signatures that more would not be looked at. -EBUSY:
 * others sign it, too, and leave this signature out. */
int cosign_push(Fetcher *f, const DockerReference *name, const char *signed_as, const Digest *digest,
                const SecretKey *key, char **reterr_message);
/* The tag. NULL: out of memory. */
char *cosign_tag(const Digest *digest);
