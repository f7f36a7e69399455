/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "api/api.pb-c.h"
#include "calls/call-answer.h"
#include "calls/call-method.h"
#include "image/store/image-store.h"

/* What several answers contain. */

void api_add_pair(const char *key, const char *value, V1alpha__KeyValue ***pairs, size_t *n);
/* Of "NAME=VALUE". */
void api_add_pairs(char *const *from, V1alpha__KeyValue ***pairs, size_t *n);

/* Of an image of that kind. What an image is called whose labels have no version is the "latest". */
V1alpha__ImageFormat *api_image_format(ImageKind kind);
char *api_image_version(char *const *labels);

/* Sends an answer of a stream, and frees it: a stream may go on for days. */
int api_stream_send(CallStream *to, void *answer);
