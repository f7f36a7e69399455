/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/digest.h"
#include "basic/strv.h"

/* What a user writes for an image (rkt's rules: its Documentation/subcommands/fetch.md): an ID or the beginning of one
 * ("sha256:…", "sha512-…", at least two hex digits), or a name, "NAME[:TAG]" with appc labels behind it
 * ("NAME[:VERSION],os=linux"). "docker://", "docker:" and "oci:" before a name are accepted and mean nothing. */

#define IMAGE_ID_PREFIX_MIN 2

typedef enum ImageRefType {
        IMAGE_REF_ID,
        IMAGE_REF_NAME,
        _IMAGE_REF_TYPE_MAX,
        _IMAGE_REF_TYPE_INVALID = -EINVAL,
} ImageRefType;

typedef struct ImageRef {
        ImageRefType type;
        DigestAlgorithm algorithm;              /* ID */
        char hex[DIGEST_HEX_MAX + 1];           /* ID: the digits given, possibly not all */
        char *name;                             /* name: without tag */
        char *tag;                              /* name: tag or version, NULL when none was given */
        char **labels;                          /* name: "label=value" */
} ImageRef;

/* -EINVAL: neither an ID nor a name. */
int image_ref_parse(const char *s, ImageRef *ret);
void image_ref_done(ImageRef *ref);

/* Rkt's order of guessing: an absolute path, an existing file or image layout, then, unless there is a colon in it,
 * "./" somewhere or the suffix ".aci" make it a path, and ".tar" does, which rkt did not have. */
bool image_ref_is_path(const char *s);

/* Names are kept as files: '/' and all that is odd in a file name become "%XX". */
int image_name_escape(const char *name, char **ret);
int image_name_unescape(const char *file, char **ret);

/* With ":latest" where it has no tag. -EINVAL: it cannot be the name of an image. */
int image_name_complete(const char *name, char **ret);

/* Whether it can be the name of an image at all: printable, no spaces, at most 255 bytes when escaped. */
bool image_name_is_valid(const char *name);
