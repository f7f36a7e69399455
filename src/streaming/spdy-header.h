/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/strv.h"

/* Names and values of SPDY/3.1 (draft-mbelshe-httpbis-spdy-00, section 2.6.10): one stream of zlib for each direction
 * of a connection, which knows some words beforehand. */

/* Of a block, in either form. */
#define SPDY_HEADERS_MAX 16384U

typedef struct SpdyInflate SpdyInflate;
typedef struct SpdyDeflate SpdyDeflate;

int spdy_inflate_new(SpdyInflate **ret);
SpdyInflate *spdy_inflate_free(SpdyInflate *z);
DEFINE_TRIVIAL_CLEANUP_FUNC(SpdyInflate *, spdy_inflate_free);

int spdy_deflate_new(SpdyDeflate **ret);
SpdyDeflate *spdy_deflate_free(SpdyDeflate *z);
DEFINE_TRIVIAL_CLEANUP_FUNC(SpdyDeflate *, spdy_deflate_free);

/* "NAME=VALUE", names in lower case. -EBADMSG: it is no such block, and no further one can be read. -E2BIG: it is too
 * long, likewise. */
int spdy_headers_read(SpdyInflate *z, const uint8_t *block, size_t n, char ***ret);
/* -E2BIG: it is too long. */
int spdy_headers_write(SpdyDeflate *z, char *const *headers, uint8_t **ret, size_t *ret_n);
