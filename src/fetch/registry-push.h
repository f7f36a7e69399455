/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "fetch/registry-exchange.h"

/* Pushing by the OCI distribution specification 1.1: an upload is begun, then the blob is sent
 * (fetch/registry-upload.h). */

bool registry_pushes(FetchKind kind);
/* Those, and the question that comes before them: a repository that is not there yet may be hidden from those who may
 * only read it. */
bool registry_is_for_push(FetchKind kind);
/* What a token has to be for: to push, and to read what is mounted. NULL: out of memory. */
char *registry_push_scope(const FetchMessage *message);

/* -EINVAL: the message lacks something. */
int registry_push(const Exchange *x, RegistryJob *job, HttpReply *ret, char **reterr_message);
