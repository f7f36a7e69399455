/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/parse.h"
#include "basic/string-util.h"
#include "network/net-address.h"

#define HOST_BITS_MAX 20

int net_address_parse(const char *s, NetAddress *ret)
{
        NetAddress a = { .family = strchr(strempty(s), ':') ? AF_INET6 : AF_INET };

        if (inet_pton(a.family, strempty(s), a.bytes) != 1)
                return -EINVAL;
        *ret = a;
        return 0;
}

const char *net_address_format(const NetAddress *a, char buffer[static NET_ADDRESS_MAX])
{
        if (!net_address_is_set(a) || !inet_ntop(a->family, a->bytes, buffer, NET_ADDRESS_MAX))
                buffer[0] = 0;
        return buffer;
}

bool net_address_equal(const NetAddress *a, const NetAddress *b)
{
        return a->family == b->family && memcmp(a->bytes, b->bytes, net_address_bits(a) / 8) == 0;
}

bool net_address_is_loopback(const NetAddress *a)
{
        static const uint8_t loopback6[16] = { [15] = 1 };

        return a->family == AF_INET ? a->bytes[0] == 127
                                    : a->family == AF_INET6 && memcmp(a->bytes, loopback6, 16) == 0;
}

static bool bit_of(const NetAddress *a, unsigned n)
{
        return a->bytes[n / 8] >> (7 - n % 8) & 1;
}

int net_prefix_parse(const char *s, NetPrefix *ret)
{
        _cleanup_free_ char *address = NULL, *length = NULL;
        NetPrefix p = {};
        uint32_t n;
        int r;

        r = split_pair(strempty(s), '/', &address, &length);
        if (r < 0)
                return r;
        if (!length || net_address_parse(address, &p.address) < 0 || parse_uint32(length, &n) < 0 ||
            n > net_address_bits(&p.address))
                return -EINVAL;

        p.length = n;
        for (unsigned i = n; i < net_address_bits(&p.address); i++)
                if (bit_of(&p.address, i))
                        return -EINVAL;
        *ret = p;
        return 0;
}

const char *net_prefix_format(const NetPrefix *p, char buffer[static NET_PREFIX_MAX])
{
        buffer[0] = 0;
        if (net_address_is_set(&p->address))
                (void) snprintf(buffer, NET_PREFIX_MAX, "%s/%u", NET_ADDRESS(&p->address), p->length);
        return buffer;
}

static bool same_bits(const NetAddress *a, const NetAddress *b, unsigned n)
{
        if (a->family != b->family || memcmp(a->bytes, b->bytes, n / 8) != 0)
                return false;
        return n % 8 == 0 || (a->bytes[n / 8] ^ b->bytes[n / 8]) >> (8 - n % 8) == 0;
}

bool net_prefix_contains(const NetPrefix *p, const NetAddress *a)
{
        return same_bits(&p->address, a, p->length);
}

bool net_prefix_overlaps(const NetPrefix *a, const NetPrefix *b)
{
        return same_bits(&a->address, &b->address, MIN(a->length, b->length));
}

uint32_t net_prefix_size(const NetPrefix *p)
{
        unsigned bits = net_address_bits(&p->address) - p->length;

        return 1U << MIN(bits, (unsigned) HOST_BITS_MAX);
}

void net_prefix_nth(const NetPrefix *p, uint32_t n, NetAddress *ret)
{
        unsigned last = net_address_bits(&p->address) / 8;

        *ret = p->address;
        for (unsigned i = 1; i <= 4; i++, n >>= 8)
                ret->bytes[last - i] |= n & 0xff;
}

uint32_t net_prefix_index(const NetPrefix *p, const NetAddress *a)
{
        unsigned last = net_address_bits(a) / 8;
        uint32_t n = 0;

        for (unsigned i = 4; i >= 1; i--)
                n = n << 8 | (a->bytes[last - i] ^ p->address.bytes[last - i]);
        return n;
}
