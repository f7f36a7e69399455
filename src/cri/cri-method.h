/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cli/context.h"
#include "cri/cri-messages.h"
#include "grpc/grpc-message.h"

/* One call of the interface. It runs in a process of its own (cri-worker.h), which ends with the answer: it may wait,
 * and what it allocates for the answer is the process' to free. */
typedef struct CriMethod {
        const char *path;
        const ProtobufCMessageDescriptor *request, *response;
        /* Fills in the answer, which has defaults. Otherwise *reterr_message says why, or what was logged last does. */
        GrpcCode (*run)(Context *c, const void *request, void *response, char **reterr_message);
} CriMethod;

/* Rows of a group of calls, the last one empty. */
extern const CriMethod cri_runtime_methods[];
extern const CriMethod cri_image_methods[];

/* NULL: there is no such call. */
const CriMethod *cri_method_find(const char *path);

/* Names as in runtime.proto, and in C. */
#define CRI_METHOD(service, name, c_name, run_)                                                                       \
        { "/runtime.v1." #service "/" #name, &cri__##c_name##_request__descriptor,                                    \
          &cri__##c_name##_response__descriptor, run_ }
