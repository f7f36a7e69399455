/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/macro.h"

/* What gRPC adds to HTTP/2 (grpc/doc/PROTOCOL-HTTP2.md): a message with a length before it, a status in the trailers,
 * and a time limit in a header. Pure. */

typedef enum GrpcCode {
        GRPC_OK = 0,
        GRPC_CANCELLED = 1,
        GRPC_UNKNOWN = 2,
        GRPC_INVALID_ARGUMENT = 3,
        GRPC_DEADLINE_EXCEEDED = 4,
        GRPC_NOT_FOUND = 5,
        GRPC_ALREADY_EXISTS = 6,
        GRPC_PERMISSION_DENIED = 7,
        GRPC_RESOURCE_EXHAUSTED = 8,
        GRPC_FAILED_PRECONDITION = 9,
        GRPC_ABORTED = 10,
        GRPC_OUT_OF_RANGE = 11,
        GRPC_UNIMPLEMENTED = 12,
        GRPC_INTERNAL = 13,
        GRPC_UNAVAILABLE = 14,
        GRPC_DATA_LOSS = 15,
        GRPC_UNAUTHENTICATED = 16,
} GrpcCode;

/* A byte that says whether the message is compressed, and its length, big-endian. */
#define GRPC_PREFIX_SIZE 5U
/* What clients of the container runtime interface accept; more is refused in either direction. */
#define GRPC_MESSAGE_MAX (16U * 1024 * 1024)

void grpc_prefix_write(uint8_t prefix[static GRPC_PREFIX_SIZE], size_t length);
/* The message of a whole request, which points into data. Returns GRPC_OK, or what to answer: the request is cut off,
 * is more than one message, is compressed, or is too large. */
GrpcCode grpc_request_read(const uint8_t *data, size_t n, const uint8_t **ret, size_t *ret_length);

/* "300S", "100m": at most eight digits and a unit. -EINVAL: not a valid time. */
int grpc_timeout_parse(const char *text, size_t n, uint64_t *ret_usec);

/* The text for grpc-message: what is not printable ASCII, and '%', as %XX. NULL: out of memory. */
char *grpc_text_escape(const char *text);
