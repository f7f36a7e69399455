/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "api/api.pb-c.h"
#include "calls/call-method.h"

/* The calls of rkt's API service. Rows of a group of them, the last one empty. */
extern const CallMethod api_info_methods[];
extern const CallMethod api_pod_methods[];
extern const CallMethod api_image_methods[];
extern const CallMethod api_event_methods[];
extern const CallMethod api_log_methods[];

/* Names as in api.proto, and in C; which of the functions the call has. */
#define API_METHOD(name, c_name, kind, function)                                                                      \
        { .path = "/v1alpha.PublicAPI/" #name,                                                                        \
          .request = &v1alpha__##c_name##_request__descriptor,                                                        \
          .response = &v1alpha__##c_name##_response__descriptor,                                                      \
          .kind = function }
