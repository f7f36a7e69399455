/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <nettle/hmac.h>
#include <nettle/memops.h>
#include <sys/random.h>

#include "basic/base64.h"
#include "basic/fs.h"
#include "basic/string-util.h"
#include "metadata/metadata-key.h"

#define KEY_FILE "hmac-key"
#define SIGNATURE_SIZE SHA512_DIGEST_SIZE

static int read_key(int dir_fd, MetadataKey *ret)
{
        _cleanup_free_ char *text = NULL;
        size_t n;
        int r = read_file_at(dir_fd, KEY_FILE, METADATA_KEY_SIZE, &text, &n);

        if (r < 0)
                return r == -EFBIG ? -EUCLEAN : r;
        if (n != METADATA_KEY_SIZE)
                return -EUCLEAN;
        memcpy(ret->bytes, text, n);
        explicit_bzero(text, n);
        return 0;
}

int metadata_key_load(int dir_fd, MetadataKey *ret)
{
        int r = read_key(dir_fd, ret);

        if (r != -ENOENT)
                return r;
        if (getrandom(ret->bytes, sizeof(ret->bytes), 0) != sizeof(ret->bytes))
                return -EIO;
        return write_file_at(dir_fd, KEY_FILE, ret->bytes, sizeof(ret->bytes), 0600);
}

static int hex_value(char c)
{
        return c >= '0' && c <= '9' ? c - '0' : c - 'a' + 10;
}

/* UUIDs are always in lower case. */
static void uuid_bytes(const Uuid *uuid, unsigned char ret[static 16])
{
        size_t n = 0;

        for (const char *p = uuid->s; *p; p++)
                if (*p != '-') {
                        ret[n / 2] = (unsigned char) (n % 2 == 0 ? hex_value(*p) << 4 : ret[n / 2] | hex_value(*p));
                        n++;
                }
}

static void compute(const MetadataKey *key, const Uuid *uuid, const void *content, size_t n,
                    unsigned char ret[static SIGNATURE_SIZE])
{
        struct hmac_sha512_ctx context;
        unsigned char pod[16];

        uuid_bytes(uuid, pod);
        hmac_sha512_set_key(&context, sizeof(key->bytes), key->bytes);
        hmac_sha512_update(&context, sizeof(pod), pod);
        hmac_sha512_update(&context, n, content);
        hmac_sha512_digest(&context, SIGNATURE_SIZE, ret);
        explicit_bzero(&context, sizeof(context));
}

int metadata_key_sign(const MetadataKey *key, const Uuid *uuid, const void *content, size_t n, char **ret)
{
        unsigned char signature[SIGNATURE_SIZE];

        compute(key, uuid, content, n, signature);
        *ret = base64_encode(signature, sizeof(signature));
        return *ret ? 0 : -ENOMEM;
}

int metadata_key_verify(const MetadataKey *key, const Uuid *uuid, const void *content, size_t n, const char *signature)
{
        unsigned char expected[SIGNATURE_SIZE];
        _cleanup_free_ char *given = NULL;
        size_t size;
        int r = base64_decode(signature, &given, &size);

        if (r < 0)
                return r;
        compute(key, uuid, content, n, expected);
        return size == sizeof(expected) && memeql_sec(given, expected, size);
}
