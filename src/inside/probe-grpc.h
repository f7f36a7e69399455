/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The gRPC Health Checking Protocol (grpc.health.v1.Health/Check), over HTTP/2 without TLS (RFC 9113, "Starting HTTP/2
 * with Prior Knowledge"). Nothing of the answer is decompressed: the message says all, and no message is a failure. */

/* What an app says of itself or of one of its services. Without an answer: PROBE_GRPC_SILENT. */
typedef enum ProbeGrpcStatus {
        PROBE_GRPC_UNKNOWN,
        PROBE_GRPC_SERVING,
        PROBE_GRPC_NOT_SERVING,
        PROBE_GRPC_SERVICE_UNKNOWN,
        _PROBE_GRPC_MAX,
        PROBE_GRPC_SILENT = -1,
} ProbeGrpcStatus;

#define PROBE_GRPC_SERVICE_MAX 1024

/* Asks over a connection. Authority is "HOST:PORT", at most 126 characters; the service may be "". Reads until there is
 * an answer: whoever calls limits the time. */
ProbeGrpcStatus probe_grpc_ask(int fd, const char *authority, const char *service);
const char *probe_grpc_status_name(ProbeGrpcStatus s);
