/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/uuid.h"

/* The host's key, with which pods prove their identity to each other (appc, ace.md "Identity Endpoint"): 64 random
 * bytes in the file "hmac-key" of the service's own directory. It is made once, so that signatures stay valid. */

#define METADATA_KEY_SIZE 64

typedef struct MetadataKey {
        unsigned char bytes[METADATA_KEY_SIZE];
} MetadataKey;

/* Reads the key, or makes it. -EUCLEAN: the file exists, but is not a valid key. */
int metadata_key_load(int dir_fd, MetadataKey *ret);

/* HMAC-SHA-512 of the 16 bytes of the UUID and the content, in base64. */
int metadata_key_sign(const MetadataKey *key, const Uuid *uuid, const void *content, size_t n, char **ret);
/* 1: the signature is right. 0: it is wrong. -EINVAL: it is not valid base64. */
int metadata_key_verify(const MetadataKey *key, const Uuid *uuid, const void *content, size_t n, const char *signature);
