/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <nettle/sha2.h>

#include "basic/digest.h"
#include "basic/fd.h"
#include "basic/string-table.h"

#define FILE_BLOCK_SIZE (256U * 1024)

struct Hasher {
        DigestAlgorithm algorithm;
        union {
                struct sha256_ctx sha256;
                struct sha512_ctx sha512;
        };
};

static const char *const digest_algorithm_table[_DIGEST_MAX] = {
        [DIGEST_SHA256] = "sha256",
        [DIGEST_SHA512] = "sha512",
};
DEFINE_STRING_TABLE(digest_algorithm, DigestAlgorithm);

static const size_t digest_hex_length[_DIGEST_MAX] = {
        [DIGEST_SHA256] = 64,
        [DIGEST_SHA512] = 128,
};

int digest_parse(const char *s, Digest *ret)
{
        _cleanup_free_ char *name = NULL;
        size_t n = strcspn(s, ":-");
        DigestAlgorithm a;
        const char *hex;

        if (n == 0 || !s[n])
                return -EINVAL;

        name = strndup(s, n);
        if (!name)
                return -ENOMEM;

        hex = s + n + 1;
        a = digest_algorithm_from_string(name);
        if (a < 0)
                return string_in_charset(name, LOWERCASE DIGITS "+._") &&
                                       string_in_charset(hex, LOWERCASE UPPERCASE DIGITS "=_-") && *hex
                               ? -EOPNOTSUPP
                               : -EINVAL;
        if (strlen(hex) != digest_hex_length[a] || !string_in_charset(hex, LOWERCASE_HEX))
                return -EINVAL;

        *ret = (Digest) { .algorithm = a };
        strcpy(ret->hex, hex);
        return 0;
}

bool digest_equal(const Digest *a, const Digest *b)
{
        return a->algorithm == b->algorithm && streq(a->hex, b->hex);
}

int digest_compare(const void *a, const void *b)
{
        const Digest *x = a, *y = b;

        return x->algorithm != y->algorithm ? (int) x->algorithm - (int) y->algorithm : strcmp(x->hex, y->hex);
}

const char *digest_format(const Digest *d, char buffer[static DIGEST_STRING_MAX])
{
        (void) snprintf(buffer, DIGEST_STRING_MAX, "%s:%s", digest_algorithm_to_string(d->algorithm), d->hex);
        return buffer;
}

const char *digest_format_file(const Digest *d, char buffer[static DIGEST_STRING_MAX])
{
        (void) snprintf(buffer, DIGEST_STRING_MAX, "%s-%s", digest_algorithm_to_string(d->algorithm), d->hex);
        return buffer;
}

int hasher_new(DigestAlgorithm algorithm, Hasher **ret)
{
        _cleanup_(hasher_freep) Hasher *h = new0(Hasher, 1);

        if (!h)
                return -ENOMEM;

        h->algorithm = algorithm;
        if (algorithm == DIGEST_SHA512)
                sha512_init(&h->sha512);
        else
                sha256_init(&h->sha256);
        *ret = TAKE_PTR(h);
        return 0;
}

Hasher *hasher_free(Hasher *h)
{
        return mfree(h);
}

int hasher_update(Hasher *h, const void *data, size_t n)
{
        if (h->algorithm == DIGEST_SHA512)
                sha512_update(&h->sha512, n, data);
        else
                sha256_update(&h->sha256, n, data);
        return 0;
}

int hasher_finish(Hasher *h, Digest *ret)
{
        unsigned char value[SHA512_DIGEST_SIZE];
        size_t n = digest_hex_length[h->algorithm] / 2;

        if (h->algorithm == DIGEST_SHA512)
                sha512_digest(&h->sha512, n, value);
        else
                sha256_digest(&h->sha256, n, value);
        *ret = (Digest) { .algorithm = h->algorithm };
        for (size_t i = 0; i < n; i++)
                (void) sprintf(ret->hex + 2 * i, "%02x", value[i]);
        return 0;
}

int digest_of_memory(DigestAlgorithm algorithm, const void *data, size_t n, Digest *ret)
{
        _cleanup_(hasher_freep) Hasher *h = NULL;
        int r;

        r = hasher_new(algorithm, &h);
        if (r < 0)
                return r;
        r = hasher_update(h, data, n);
        if (r < 0)
                return r;
        return hasher_finish(h, ret);
}

int digest_of_file(DigestAlgorithm algorithm, int fd, Digest *ret, uint64_t *ret_size)
{
        _cleanup_free_ char *block = new_array(char, FILE_BLOCK_SIZE);
        _cleanup_(hasher_freep) Hasher *hasher = NULL;
        uint64_t size = 0;
        ssize_t n = 0;
        int r = block ? hasher_new(algorithm, &hasher) : -ENOMEM;

        if (r >= 0 && lseek(fd, 0, SEEK_SET) < 0)
                r = -errno;
        while (r >= 0 && (n = loop_read(fd, block, FILE_BLOCK_SIZE)) > 0) {
                r = hasher_update(hasher, block, (size_t) n);
                size += (uint64_t) n;
        }
        if (r < 0 || n < 0)
                return r < 0 ? r : (int) n;
        if (lseek(fd, 0, SEEK_SET) < 0)
                return -errno;
        r = hasher_finish(hasher, ret);
        if (r >= 0)
                *ret_size = size;
        return r;
}
