/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <endian.h>

#include "basic/string-util.h"
#include "basic/time-util.h"
#include "grpc/grpc-message.h"

#define TIMEOUT_DIGITS_MAX 8U

void grpc_prefix_write(uint8_t prefix[static GRPC_PREFIX_SIZE], size_t length)
{
        const uint32_t size = htobe32((uint32_t) length);

        prefix[0] = 0;
        memcpy(prefix + 1, &size, sizeof(size));
}

GrpcCode grpc_request_read(const uint8_t *data, size_t n, const uint8_t **ret, size_t *ret_length)
{
        uint32_t size;

        if (n < GRPC_PREFIX_SIZE)
                return GRPC_INTERNAL;
        if (data[0] != 0)
                return GRPC_UNIMPLEMENTED;
        memcpy(&size, data + 1, sizeof(size));
        size = be32toh(size);
        if (size > GRPC_MESSAGE_MAX)
                return GRPC_RESOURCE_EXHAUSTED;
        if (size != n - GRPC_PREFIX_SIZE)
                return GRPC_INTERNAL;
        *ret = data + GRPC_PREFIX_SIZE;
        *ret_length = size;
        return GRPC_OK;
}

int grpc_timeout_parse(const char *text, size_t n, uint64_t *ret_usec)
{
        static const struct {
                char unit;
                uint64_t nsec;
        } units[] = {
                { 'H', 3600 * NSEC_PER_SEC }, { 'M', 60 * NSEC_PER_SEC },    { 'S', NSEC_PER_SEC },
                { 'm', NSEC_PER_SEC / 1000 }, { 'u', NSEC_PER_SEC / 1000000 }, { 'n', 1 },
        };
        uint64_t value = 0;

        if (n < 2 || n > TIMEOUT_DIGITS_MAX + 1)
                return -EINVAL;
        for (size_t i = 0; i + 1 < n; i++) {
                if (text[i] < '0' || text[i] > '9')
                        return -EINVAL;
                value = value * 10 + (uint64_t) (text[i] - '0');
        }
        for (size_t i = 0; i < ELEMENTSOF(units); i++)
                if (units[i].unit == text[n - 1]) {
                        /* Eight digits of hours are more than 64 bits of nanoseconds. */
                        *ret_usec = units[i].nsec >= NSEC_PER_USEC ? value * (units[i].nsec / NSEC_PER_USEC)
                                                                   : value * units[i].nsec / NSEC_PER_USEC;
                        return 0;
                }
        return -EINVAL;
}

char *grpc_text_escape(const char *text)
{
        char *escaped = malloc(3 * strlen(text) + 1), *out = escaped;

        for (const char *s = text; escaped && *s; s++)
                if (*s >= ' ' && *s <= '~' && *s != '%')
                        *out++ = *s;
                else
                        out += sprintf(out, "%%%02X", (unsigned) (unsigned char) *s);
        if (escaped)
                *out = 0;
        return escaped;
}
