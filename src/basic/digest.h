/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <sys/types.h>

#include "basic/macro.h"

/* Content digests, "sha256:<64 hex>" as OCI writes them (image-spec, descriptor.md) and "sha512-<128 hex>" as appc
 * writes image IDs. Computed by libnettle. */

typedef enum DigestAlgorithm {
        DIGEST_SHA256,
        DIGEST_SHA512,
        _DIGEST_MAX,
        _DIGEST_INVALID = -EINVAL,
} DigestAlgorithm;

const char *digest_algorithm_to_string(DigestAlgorithm a);
DigestAlgorithm digest_algorithm_from_string(const char *s);

#define DIGEST_HEX_MAX 128
/* "sha512:" + 128 hex + NUL */
#define DIGEST_STRING_MAX 136

typedef struct Digest {
        DigestAlgorithm algorithm;
        char hex[DIGEST_HEX_MAX + 1];
} Digest;

/* Accepts ':' or '-' between the algorithm and lower-case hex of exactly the algorithm's length. -EINVAL: not a digest.
 * -EOPNOTSUPP: a well-formed digest of another algorithm. */
int digest_parse(const char *s, Digest *ret);
bool digest_equal(const Digest *a, const Digest *b);
/* Orders digests, for qsort(3). */
int digest_compare(const void *a, const void *b);
/* The OCI form "sha256:…", and the form with '-' that also serves as a file name. */
const char *digest_format(const Digest *d, char buffer[static DIGEST_STRING_MAX]);
const char *digest_format_file(const Digest *d, char buffer[static DIGEST_STRING_MAX]);
#define DIGEST_STRING(d) digest_format((d), (char[DIGEST_STRING_MAX]){})
#define DIGEST_FILE(d) digest_format_file((d), (char[DIGEST_STRING_MAX]){})

/* A digest that is being computed. */
typedef struct Hasher Hasher;

int hasher_new(DigestAlgorithm algorithm, Hasher **ret);
Hasher *hasher_free(Hasher *h);
DEFINE_TRIVIAL_CLEANUP_FUNC(Hasher *, hasher_free);

int hasher_update(Hasher *h, const void *data, size_t n);
/* Ends the computation; afterwards the hasher can only be freed. */
int hasher_finish(Hasher *h, Digest *ret);

int digest_of_memory(DigestAlgorithm algorithm, const void *data, size_t n, Digest *ret);
/* Of a whole file, which is left at its beginning, and its size. */
int digest_of_file(DigestAlgorithm algorithm, int fd, Digest *ret, uint64_t *ret_size);
