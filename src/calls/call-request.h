/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <protobuf-c/protobuf-c.h>

#include "basic/macro.h"

/* Requests as protobuf-c has read them. It takes strings as they come, but the language demands UTF-8 (Protocol
 * Buffers, Language Guide, "Scalar Value Types"), and all that pods are written in does, too. */

/* The name of the first field, at any depth, that has a string which is not valid UTF-8; NULL: all are. Pure. */
const char *call_request_find_bad_string(const ProtobufCMessage *request);
/* That has a value which its enum does not have, in *ret_value. The language takes any number; but what a newer client
 * means by it is not done here. Pure. */
const char *call_request_find_unknown(const ProtobufCMessage *request, int *ret_value);
/* That has a string with a NUL, where all that is read of it would end. In the bytes of a request of that kind, as no
 * message has them any more. Pure. */
const char *call_request_find_nul(const ProtobufCMessageDescriptor *kind, const uint8_t *data, size_t n);
