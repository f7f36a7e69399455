/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cri/cri-method.h"
#include "grpc/grpc-server.h"

/* The process of a call: it does the work, and writes code and answer into a pipe. When the client does not wait any
 * more, it is asked to end, and ends where that leaves nothing half-done. When the service ends, it goes on. */

/* Answers the call now or later. */
void cri_worker_start(sd_event *event, const CriMethod *method, GrpcCall *call, const uint8_t *request, size_t n);
/* How many there are. */
size_t cri_workers(void);
