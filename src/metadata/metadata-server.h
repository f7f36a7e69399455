/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "metadata/metadata-api.h"

/* The answers of metadata-api.h over HTTP, by libmicrohttpd: one thread, any number of listening sockets. What pods
 * send is bounded: connections altogether and of one client, the time a request may take, the length of bodies
 * (metadata/metadata-clients.h). */

typedef struct MetadataServer MetadataServer;

int metadata_server_new(MetadataService *service, MetadataServer **ret);
MetadataServer *metadata_server_free(MetadataServer *s);
DEFINE_TRIVIAL_CLEANUP_FUNC(MetadataServer *, metadata_server_free);

/* Serves a listening socket, which it takes over: one of pods, or one of those who register them. */
int metadata_server_add(MetadataServer *s, int fd, bool registrar);

/* Until there was no connection for so long (0: for ever), or a signal that is not ignored comes. */
int metadata_server_run(MetadataServer *s, unsigned idle_seconds);
