/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <endian.h>
#include <string.h>

#include "basic/macro.h"

/* Numbers of SPDY: the highest byte first. */

static inline uint32_t spdy_get32(const uint8_t *p)
{
        uint32_t n;

        memcpy(&n, p, sizeof(n));
        return be32toh(n);
}

static inline void spdy_put32(uint8_t *p, uint32_t n)
{
        n = htobe32(n);
        memcpy(p, &n, sizeof(n));
}
