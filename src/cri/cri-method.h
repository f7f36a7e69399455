/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "calls/call-method.h"
#include "cri/cri-messages.h"

/* The calls of the interface. */
typedef CallMethod CriMethod;

/* Rows of a group of calls, the last one empty. */
extern const CriMethod cri_runtime_methods[];
extern const CriMethod cri_sandbox_methods[];
extern const CriMethod cri_sandbox_status_methods[];
extern const CriMethod cri_container_methods[];
extern const CriMethod cri_container_status_methods[];
extern const CriMethod cri_event_methods[];
extern const CriMethod cri_exec_methods[];
extern const CriMethod cri_stats_methods[];
extern const CriMethod cri_metrics_methods[];
extern const CriMethod cri_streaming_methods[];
extern const CriMethod cri_resources_methods[];
extern const CriMethod cri_image_methods[];

/* Names as in runtime.proto, and in C. */
#define CRI_METHOD(service, name, c_name, run_)                                                                       \
        { .path = "/runtime.v1." #service "/" #name,                                                                  \
          .request = &cri__##c_name##_request__descriptor,                                                            \
          .response = &cri__##c_name##_response__descriptor,                                                          \
          .run = run_ }
/* The same list in pieces: the answer is that of list, and goes out in those of stream. */
#define CRI_PIECES(service, name, list, stream, run_)                                                                 \
        { .path = "/runtime.v1." #service "/" #name,                                                                  \
          .request = &cri__##list##_request__descriptor,                                                              \
          .response = &cri__##list##_response__descriptor,                                                            \
          .pieces = &cri__##stream##_response__descriptor,                                                            \
          .run = run_ }
/* One whose answers are a stream, and have a name of their own. */
#define CRI_STREAM(service, name, c_name, answer, stream_)                                                            \
        { .path = "/runtime.v1." #service "/" #name,                                                                  \
          .request = &cri__##c_name##_request__descriptor,                                                            \
          .response = &cri__##answer##__descriptor,                                                                   \
          .stream = stream_ }
