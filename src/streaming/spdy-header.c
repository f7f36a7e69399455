/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <zlib.h>

#include "streaming/spdy-bytes.h"
#include "streaming/spdy-header.h"

/* What zlib knows beforehand: names and values with their lengths, and then text without. */

static const char *const known_words[] = {
        "options", "head", "post", "put", "delete", "trace", "accept", "accept-charset", "accept-encoding",
        "accept-language", "accept-ranges", "age", "allow", "authorization", "cache-control", "connection",
        "content-base", "content-encoding", "content-language", "content-length", "content-location", "content-md5",
        "content-range", "content-type", "date", "etag", "expect", "expires", "from", "host", "if-match",
        "if-modified-since", "if-none-match", "if-range", "if-unmodified-since", "last-modified", "location",
        "max-forwards", "pragma", "proxy-authenticate", "proxy-authorization", "range", "referer", "retry-after",
        "server", "te", "trailer", "transfer-encoding", "upgrade", "user-agent", "vary", "via", "warning",
        "www-authenticate", "method", "get", "status", "200 OK", "version", "HTTP/1.1", "url", "public", "set-cookie",
        "keep-alive", "origin",
};

static const char known_text[] =
        "100101201202205206300302303304305306307402405406407408409410411412413414415416417502504505"
        "203 Non-Authoritative Information204 No Content301 Moved Permanently400 Bad Request401 Unauthorized"
        "403 Forbidden404 Not Found500 Internal Server Error501 Not Implemented503 Service Unavailable"
        "Jan Feb Mar Apr May Jun Jul Aug Sept Oct Nov Dec 00:00:00 Mon, Tue, Wed, Thu, Fri, Sat, Sun, GMT"
        "chunked,text/html,image/png,image/jpg,image/gif,application/xml,application/xhtml+xml,text/plain,"
        "text/javascript,publicprivatemax-age=gzip,deflate,sdchcharset=utf-8charset=iso-8859-1,utf-,*,enq=0.";

#define KNOWN_SIZE 1423

static size_t put_word(uint8_t *at, const char *word, size_t n)
{
        spdy_put32(at, (uint32_t) n);
        memcpy(at + 4, word, n);
        return 4 + n;
}

static void write_known(uint8_t ret[static KNOWN_SIZE])
{
        size_t n = 0;

        for (size_t i = 0; i < ELEMENTSOF(known_words); i++)
                n += put_word(ret + n, known_words[i], strlen(known_words[i]));
        memcpy(ret + n, known_text, sizeof(known_text) - 1);
}

/* Reading */

struct SpdyInflate {
        z_stream z;
        bool started;
};

SpdyInflate *spdy_inflate_free(SpdyInflate *z)
{
        if (!z)
                return NULL;
        if (z->started)
                (void) inflateEnd(&z->z);
        return mfree(z);
}

int spdy_inflate_new(SpdyInflate **ret)
{
        _cleanup_(spdy_inflate_freep) SpdyInflate *z = new0(SpdyInflate, 1);

        if (!z || inflateInit(&z->z) != Z_OK)
                return -ENOMEM;
        z->started = true;
        *ret = TAKE_PTR(z);
        return 0;
}

static int inflate_some(SpdyInflate *z)
{
        uint8_t known[KNOWN_SIZE];
        int r = inflate(&z->z, Z_SYNC_FLUSH);

        if (r != Z_NEED_DICT)
                return r;
        write_known(known);
        r = inflateSetDictionary(&z->z, known, sizeof(known));
        return r == Z_OK ? inflate(&z->z, Z_SYNC_FLUSH) : r;
}

static int inflate_block(SpdyInflate *z, const uint8_t *block, size_t n, uint8_t plain[static SPDY_HEADERS_MAX],
                         size_t *ret_n)
{
        int r;

        if (n > SPDY_HEADERS_MAX)
                return -E2BIG;
        z->z.next_in = (uint8_t *) block;
        z->z.avail_in = (unsigned) n;
        z->z.next_out = plain;
        z->z.avail_out = SPDY_HEADERS_MAX;
        r = inflate_some(z);
        if (r != Z_OK)
                return -EBADMSG;
        if (z->z.avail_in > 0 || z->z.avail_out == 0)
                return -E2BIG;
        *ret_n = SPDY_HEADERS_MAX - z->z.avail_out;
        return 0;
}

/* The bytes of a word; n_left: of what is there from *at on. */
static bool take_word(const uint8_t **at, size_t *n_left, const uint8_t **ret, size_t *ret_n)
{
        if (*n_left < 4)
                return false;
        *ret_n = spdy_get32(*at);
        if (*ret_n > *n_left - 4)
                return false;
        *ret = *at + 4;
        *at += 4 + *ret_n;
        *n_left -= 4 + *ret_n;
        return !memchr(*ret, 0, *ret_n);
}

static int take_header(const uint8_t **at, size_t *n_left, char ***headers)
{
        _cleanup_free_ char *left = NULL, *right = NULL;
        const uint8_t *name, *value;
        size_t n_name, n_value;

        if (!take_word(at, n_left, &name, &n_name) || !take_word(at, n_left, &value, &n_value) || n_name == 0 ||
            memchr(name, '=', n_name))
                return -EBADMSG;
        left = string_from_bytes(name, n_name);
        right = string_from_bytes(value, n_value);
        if (!left || !right)
                return -ENOMEM;
        return strv_extendf(headers, "%s=%s", left, right);
}

int spdy_headers_read(SpdyInflate *z, const uint8_t *block, size_t n, char ***ret)
{
        _cleanup_strv_free_ char **headers = NULL;
        uint8_t plain[SPDY_HEADERS_MAX];
        const uint8_t *at = plain + 4;
        size_t n_left = 0;
        int r = inflate_block(z, block, n, plain, &n_left);

        if (r < 0)
                return r;
        if (n_left < 4)
                return -EBADMSG;
        n_left -= 4;
        for (uint32_t left = spdy_get32(plain); left > 0; left--) {
                r = take_header(&at, &n_left, &headers);
                if (r < 0)
                        return r;
        }
        if (n_left > 0)
                return -EBADMSG;
        *ret = TAKE_PTR(headers);
        return 0;
}

/* Writing */

struct SpdyDeflate {
        z_stream z;
        bool started;
};

SpdyDeflate *spdy_deflate_free(SpdyDeflate *z)
{
        if (!z)
                return NULL;
        if (z->started)
                (void) deflateEnd(&z->z);
        return mfree(z);
}

int spdy_deflate_new(SpdyDeflate **ret)
{
        _cleanup_(spdy_deflate_freep) SpdyDeflate *z = new0(SpdyDeflate, 1);
        uint8_t known[KNOWN_SIZE];

        write_known(known);
        if (!z || deflateInit(&z->z, Z_DEFAULT_COMPRESSION) != Z_OK)
                return -ENOMEM;
        z->started = true;
        if (deflateSetDictionary(&z->z, known, sizeof(known)) != Z_OK)
                return -ENOMEM;
        *ret = TAKE_PTR(z);
        return 0;
}

static int write_plain(char *const *headers, uint8_t plain[static SPDY_HEADERS_MAX], size_t *ret_n)
{
        size_t n = 4;

        STRV_FOREACH(header, headers) {
                const char *value = strchr(*header, '=');

                if (!value)
                        return -EINVAL;
                if (strlen(*header) + 7 > SPDY_HEADERS_MAX - n)
                        return -E2BIG;
                n += put_word(plain + n, *header, (size_t) (value - *header));
                n += put_word(plain + n, value + 1, strlen(value + 1));
        }
        spdy_put32(plain, (uint32_t) strv_length(headers));
        *ret_n = n;
        return 0;
}

int spdy_headers_write(SpdyDeflate *z, char *const *headers, uint8_t **ret, size_t *ret_n)
{
        _cleanup_free_ uint8_t *block = NULL;
        uint8_t plain[SPDY_HEADERS_MAX];
        size_t n, bound;
        int r = write_plain(headers, plain, &n);

        if (r < 0)
                return r;
        /* The mark of the flush, and the head of the first block, come on top. */
        bound = deflateBound(&z->z, n) + 16;
        block = malloc(bound);
        if (!block)
                return -ENOMEM;
        z->z.next_in = plain;
        z->z.avail_in = (unsigned) n;
        z->z.next_out = block;
        z->z.avail_out = (unsigned) bound;
        if (deflate(&z->z, Z_SYNC_FLUSH) != Z_OK || z->z.avail_in > 0)
                return -EIO;
        *ret_n = bound - z->z.avail_out;
        *ret = TAKE_PTR(block);
        return 0;
}
