/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <protobuf-c/protobuf-c.h>

#include "grpc/grpc-message.h"

/* Answers as protobuf-c has them. Whatever is made for an answer lives until the process of the call ends. A process
 * that runs out of memory ends at once, and the service says that it did. */

/* A message with its defaults. */
void *call_new(const ProtobufCMessageDescriptor *descriptor);
/* Adds to a repeated field, whose array is at *array. */
void call_append(void *array, size_t *n, void *message);
/* A copy; "" for NULL, as fields have it that are not set. */
char *call_text(const char *text);
char *call_text_n(const char *text, size_t n);

/* What an error means for the client. */
GrpcCode call_code_of(int error);
/* Sets the message, and returns the code. */
GrpcCode call_refuse(GrpcCode code, char **reterr_message, const char *format, ...) _printf_(3, 4);
