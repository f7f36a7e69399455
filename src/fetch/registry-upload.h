/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "fetch/registry-exchange.h"

/* A blob on its way to a registry, by an upload that has begun (distribution specification, "Pushing blobs"). A small
 * one is sent as a whole; a large one in parts, after each of which the registry says what it has, so that a broken
 * connection does not cost what was there before. A registry that does not take a whole gets parts as well. */

/* Where the upload goes on, and what it demands, is in *ret, which gets the last answer. -EPROTO: the registry does not
 * say where. -EAGAIN: it does not take the whole, and parts need an upload that begins anew. */
int registry_upload_whole(const Exchange *x, const RegistryJob *job, HttpReply *ret, char **reterr_message);
int registry_upload_parts(const Exchange *x, const RegistryJob *job, HttpReply *ret, char **reterr_message);

bool registry_upload_is_large(uint64_t size);
