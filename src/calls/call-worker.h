/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "calls/call-method.h"
#include "grpc/grpc-server.h"

/* The process of a call: it does the work, and writes answers, code and text into a pipe. Nothing is read from there
 * while the client has not taken what was read before. When the client does not wait any more, the process is asked to
 * end, and ends where that leaves nothing half-done. When the service ends, it goes on, unless it is a stream. */

/* Answers the call now or later. The context has global options, which the process starts with. */
void call_worker_start(sd_event *event, const CallMethod *method, const Context *context, GrpcCall *call,
                       const uint8_t *request, size_t n);
/* How many there are. */
size_t call_workers(void);
/* From now on, calls whose clients are gone are carried to their end: it is the service that ends. */
void call_workers_let_go(void);
