/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "inside/probe-grpc.h"
#include "inside/probe-io.h"

/* Frames (RFC 9113, 4.1 and 6) */

#define FRAME_HEAD 9
#define FRAME_MAX 16384         /* what we have not raised */
#define ANSWER_MAX 256          /* a status is two bytes; a server may add fields */
#define STREAM 1

enum {
        FRAME_DATA = 0x0,
        FRAME_HEADERS = 0x1,
        FRAME_RST_STREAM = 0x3,
        FRAME_SETTINGS = 0x4,
        FRAME_PING = 0x6,
};

enum {
        FLAG_ACK = 0x1,
        FLAG_END_STREAM = 0x1,
        FLAG_END_HEADERS = 0x4,
        FLAG_PADDED = 0x8,
};

typedef struct Frame {
        uint8_t type, flags;
        uint32_t stream, size;
        uint8_t data[FRAME_MAX];
} Frame;

typedef struct Buffer {
        uint8_t data[4096];
        size_t n;
} Buffer;

static void put(Buffer *b, const void *data, size_t n)
{
        memcpy(b->data + b->n, data, n);
        b->n += n;
}

static void put_byte(Buffer *b, unsigned byte)
{
        b->data[b->n++] = (uint8_t) byte;
}

static void put_be32(Buffer *b, uint32_t n)
{
        for (int shift = 24; shift >= 0; shift -= 8)
                put_byte(b, n >> shift);
}

static void put_frame_head(Buffer *b, size_t size, unsigned type, unsigned flags, uint32_t stream)
{
        put_byte(b, (unsigned) size >> 16);
        put_byte(b, (unsigned) size >> 8);
        put_byte(b, (unsigned) size);
        put_byte(b, type);
        put_byte(b, flags);
        put_be32(b, stream);
}

/* The request. Header fields are literals without compression (RFC 7541, 6.2.2), whose names are mostly in the static
 * table (appendix A); none of the values has more than 126 characters, so that one byte has the length. */

static void put_text(Buffer *b, const char *text)
{
        put_byte(b, (unsigned) strlen(text));
        put(b, text, strlen(text));
}

static void put_headers(Buffer *b, const char *authority)
{
        put_byte(b, 0x83);      /* :method POST */
        put_byte(b, 0x86);      /* :scheme http */
        put_byte(b, 0x04);      /* :path */
        put_text(b, "/grpc.health.v1.Health/Check");
        put_byte(b, 0x01);      /* :authority */
        put_text(b, authority);
        put_byte(b, 0x0f);      /* content-type, which is 31: 15 and 16 */
        put_byte(b, 31 - 15);
        put_text(b, "application/grpc");
        put_byte(b, 0x00);
        put_text(b, "te");
        put_text(b, "trailers");
}

static void put_varint(Buffer *b, size_t n)
{
        for (; n >= 0x80; n >>= 7)
                put_byte(b, 0x80 | (n & 0x7f));
        put_byte(b, (unsigned) n);
}

/* message HealthCheckRequest { string service = 1; }, where "" is left out. */
static void put_message(Buffer *b, const char *service)
{
        Buffer message = {};
        size_t n = strlen(service);

        if (n > 0) {
                put_byte(&message, 1 << 3 | 2);
                put_varint(&message, n);
                put(&message, service, n);
        }
        put_byte(b, 0);         /* not compressed */
        put_be32(b, (uint32_t) message.n);
        put(b, message.data, message.n);
}

static int send_request(int fd, const char *authority, const char *service)
{
        static const char preface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
        Buffer headers = {}, message = {}, all = {};

        put_headers(&headers, authority);
        put_message(&message, service);
        put(&all, preface, strlen(preface));
        put_frame_head(&all, 0, FRAME_SETTINGS, 0, 0);
        put_frame_head(&all, headers.n, FRAME_HEADERS, FLAG_END_HEADERS, STREAM);
        put(&all, headers.data, headers.n);
        put_frame_head(&all, message.n, FRAME_DATA, FLAG_END_STREAM, STREAM);
        put(&all, message.data, message.n);
        return probe_send(fd, all.data, all.n);
}

/* The answer */

static int receive_frame(int fd, Frame *f)
{
        uint8_t head[FRAME_HEAD];

        if (probe_receive(fd, head, sizeof(head)) < 0)
                return -1;
        f->size = (uint32_t) head[0] << 16 | (uint32_t) head[1] << 8 | head[2];
        f->type = head[3];
        f->flags = head[4];
        f->stream = ((uint32_t) head[5] << 24 | (uint32_t) head[6] << 16 | (uint32_t) head[7] << 8 | head[8]) &
                    0x7fffffff;
        return f->size > sizeof(f->data) ? -1 : probe_receive(fd, f->data, f->size);
}

/* What a peer waits for: SETTINGS and PING are acknowledged, the latter with what it has. */
static int acknowledge(int fd, const Frame *f)
{
        Buffer b = {};
        size_t n = f->type == FRAME_PING ? f->size : 0;

        if (f->flags & FLAG_ACK)
                return 0;
        if (f->type == FRAME_PING && n != 8)
                return -1;
        put_frame_head(&b, n, f->type, FLAG_ACK, 0);
        put(&b, f->data, n);
        return probe_send(fd, b.data, b.n);
}

/* The data of a frame without what it is padded with. */
static int take_data(const Frame *f, Buffer *answer)
{
        size_t skip = f->flags & FLAG_PADDED ? 1 : 0, padding = skip && f->size > 0 ? f->data[0] : 0, n;

        if (skip + padding > f->size)
                return -1;
        n = f->size - skip - padding;
        if (answer->n + n > ANSWER_MAX)
                return -1;
        put(answer, f->data + skip, n);
        return 0;
}

static int read_varint(const uint8_t **p, const uint8_t *end, uint64_t *ret)
{
        *ret = 0;
        for (unsigned shift = 0; *p < end && shift < 64; shift += 7) {
                uint8_t byte = *(*p)++;

                *ret |= (uint64_t) (byte & 0x7f) << shift;
                if (!(byte & 0x80))
                        return 0;
        }
        return -1;
}

/* message HealthCheckResponse { ServingStatus status = 1; }. Other fields are passed over; of several, the last counts
 * ("Protocol Buffers Encoding"). */
static ProbeGrpcStatus read_message(const uint8_t *p, size_t n)
{
        const uint8_t *end = p + n;
        uint64_t tag, value = 0, status = PROBE_GRPC_UNKNOWN;

        while (p < end) {
                uint64_t skip = 0;

                if (read_varint(&p, end, &tag) < 0)
                        return PROBE_GRPC_SILENT;
                if ((tag & 7) == 0 || (tag & 7) == 2) {
                        if (read_varint(&p, end, &value) < 0)
                                return PROBE_GRPC_SILENT;
                        skip = (tag & 7) == 2 ? value : 0;
                } else if ((tag & 7) == 1 || (tag & 7) == 5)
                        skip = (tag & 7) == 1 ? 8 : 4;
                else
                        return PROBE_GRPC_SILENT;
                if (skip > (uint64_t) (end - p))
                        return PROBE_GRPC_SILENT;
                p += skip;
                if (tag == 1 << 3)
                        status = value;
        }
        return status < _PROBE_GRPC_MAX ? (ProbeGrpcStatus) status : PROBE_GRPC_UNKNOWN;
}

/* Whether the message is there: a byte that says whether it is compressed, and its size, come before it. */
static bool is_complete(const Buffer *answer, ProbeGrpcStatus *ret)
{
        const uint8_t *d = answer->data;
        uint32_t size;

        if (answer->n < 5)
                return false;
        size = (uint32_t) d[1] << 24 | (uint32_t) d[2] << 16 | (uint32_t) d[3] << 8 | d[4];
        if (size > answer->n - 5)
                return false;
        *ret = d[0] == 0 ? read_message(d + 5, size) : PROBE_GRPC_SILENT;
        return true;
}

ProbeGrpcStatus probe_grpc_ask(int fd, const char *authority, const char *service)
{
        static Frame f;
        ProbeGrpcStatus status = PROBE_GRPC_SILENT;
        Buffer answer = {};

        if (strlen(service) > PROBE_GRPC_SERVICE_MAX || strlen(authority) > 126 ||
            send_request(fd, authority, service) < 0)
                return PROBE_GRPC_SILENT;
        while (receive_frame(fd, &f) >= 0) {
                int r = f.type == FRAME_SETTINGS || f.type == FRAME_PING ? acknowledge(fd, &f) : 0;

                if (f.stream == STREAM && f.type == FRAME_DATA)
                        r = take_data(&f, &answer);
                if (r < 0 || is_complete(&answer, &status))
                        return status;
                /* It ended without a message, such as when there is no such method or service. */
                if (f.stream == STREAM &&
                    (f.type == FRAME_RST_STREAM ||
                     ((f.type == FRAME_DATA || f.type == FRAME_HEADERS) && (f.flags & FLAG_END_STREAM))))
                        return status;
        }
        return status;
}

const char *probe_grpc_status_name(ProbeGrpcStatus s)
{
        static const char *const names[_PROBE_GRPC_MAX] = {
                [PROBE_GRPC_UNKNOWN] = "UNKNOWN",
                [PROBE_GRPC_SERVING] = "SERVING",
                [PROBE_GRPC_NOT_SERVING] = "NOT_SERVING",
                [PROBE_GRPC_SERVICE_UNKNOWN] = "SERVICE_UNKNOWN",
        };

        return s < 0 || s >= _PROBE_GRPC_MAX ? NULL : names[s];
}
