/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <systemd/sd-event.h>

#include "streaming/stream-request.h"

/* Listens on a port of 127.0.0.1 that the kernel chooses, the same again after a restart if it can. Each client has a
 * process of its own, which lives as long as its connection, also when the service ends. */

typedef struct StreamServer StreamServer;

/* directory: STREAM_DIR; it is made if it is not there. */
int stream_server_new(sd_event *event, const char *directory, StreamServer **ret);
StreamServer *stream_server_free(StreamServer *s);
DEFINE_TRIVIAL_CLEANUP_FUNC(StreamServer *, stream_server_free);

/* There are clients, or some may still come. */
bool stream_server_is_busy(const StreamServer *s);

/* Offers the request, and says where: "http://127.0.0.1:PORT/WORK/TOKEN". Also from other processes. -ENOENT: no server
 * has been there. */
int stream_server_offer(const char *directory, const StreamRequest *request, char **ret_url);
