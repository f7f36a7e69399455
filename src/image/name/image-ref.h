/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/digest.h"
#include "basic/strv.h"

/* How a user names an image (rkt's rules: its Documentation/subcommands/fetch.md): an ID or a prefix of one
 * ("sha256:…", "sha512-…", at least two hex digits), or a name, "NAME[:TAG]", optionally followed by appc labels
 * ("NAME[:VERSION],os=linux"). "docker://", "docker:" and "oci:" before a name are accepted and ignored. */

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

/* Rkt's order of guessing: an absolute path, or an existing file or image layout, is a path; so is text without a colon
 * that contains "./" or ends in ".aci", or in ".tar", which rkt did not have. */
bool image_ref_is_path(const char *s);

/* Names are stored as files: '/' and characters that are unusual in file names become "%XX". */
int image_name_escape(const char *name, char **ret);
int image_name_unescape(const char *file, char **ret);

/* Adds ":latest" when there is no tag. -EINVAL: not a valid name of an image. */
int image_name_complete(const char *name, char **ret);

/* Whether it is a valid name of an image: printable, no spaces, at most 255 bytes when escaped. */
bool image_name_is_valid(const char *name);
/* Whether an image of this name is found by it: no part is missing, and it cannot be taken for an ID, a digest, a
 * location or an option. */
bool image_name_is_findable(const char *name);
