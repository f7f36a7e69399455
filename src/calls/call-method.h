/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <protobuf-c/protobuf-c.h>

#include "cli/context.h"
#include "grpc/grpc-message.h"

/* Where the answers of a stream go. */
typedef struct CallStream CallStream;

/* One call of a service. It runs in a process of its own (call-worker.h), which ends with the answer: it may wait, and
 * what it allocates for the answer is the process' to free. Of the two functions, it has one. When it does not succeed,
 * *reterr_message says why, or what was logged last does. */
typedef struct CallMethod {
        const char *path; /* "/package.Service/Method" */
        const ProtobufCMessageDescriptor *request, *response;
        /* The answer has one field, a list, and goes out in several of these, which have such a field, too: there is no
         * limit for the whole. NULL: it is one message. */
        const ProtobufCMessageDescriptor *pieces;
        /* Fills in the answer, which has defaults. */
        GrpcCode (*run)(Context *c, const void *request, void *response, char **reterr_message);
        /* Sends any number of answers, by call_stream_send(), and returns after the last one. */
        GrpcCode (*stream)(Context *c, const void *request, CallStream *to, char **reterr_message);
} CallMethod;

/* Waits while the client does not take what was sent before. -EMSGSIZE: it is larger than a message may be. Other
 * errors: nobody waits for it any more. */
int call_stream_send(CallStream *to, const void *answer);
