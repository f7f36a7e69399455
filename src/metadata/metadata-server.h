/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "metadata/metadata-api.h"

/* The answers of metadata-api.h over HTTP. For pods there are the limits of serve/http-server.h, and one on the size of
 * bodies. */

typedef struct MetadataServer MetadataServer;

int metadata_server_new(MetadataService *service, MetadataServer **ret);
MetadataServer *metadata_server_free(MetadataServer *s);
DEFINE_TRIVIAL_CLEANUP_FUNC(MetadataServer *, metadata_server_free);

/* Takes over a listening socket and serves it: one for pods, or one for programs that register them. */
int metadata_server_add(MetadataServer *s, int fd, bool registrar);

/* Serves until there has been no connection for this time; 0: forever. */
int metadata_server_run(MetadataServer *s, unsigned idle_seconds);
