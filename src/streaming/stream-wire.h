/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <systemd/sd-event.h>

#include "basic/macro.h"

/* The connection of a client as bytes. What is written is kept until the client takes it; who has much to write asks
 * first whether there is room. */

#define STREAM_READ_MAX 65536U

typedef struct StreamWire StreamWire;

typedef struct StreamWireEvents {
        void (*on_bytes)(const uint8_t *data, size_t n, void *userdata);
        /* There is room again. */
        void (*on_room)(void *userdata);
        /* The client is gone, or stream_wire_finish() is done. Called once, the last of all. */
        void (*on_gone)(void *userdata);
} StreamWireEvents;

/* The socket becomes the wire's, also when this fails. */
int stream_wire_new(sd_event *event, int fd, const StreamWireEvents *events, void *userdata, StreamWire **ret);
StreamWire *stream_wire_free(StreamWire *w);
DEFINE_TRIVIAL_CLEANUP_FUNC(StreamWire *, stream_wire_free);

/* Never waits. -ENOBUFS: the client takes nothing, and too much is kept already; it is cut off. */
int stream_wire_write(StreamWire *w, const uint8_t *data, size_t n);
bool stream_wire_has_room(const StreamWire *w);
/* Nothing is read meanwhile. A client that is gone is seen all the same. */
void stream_wire_pause(StreamWire *w, bool pause);
/* Everything was written: the client gets what is left, and some seconds to close the connection itself, so that
 * nothing of it is lost. What it still sends is dropped. */
void stream_wire_finish(StreamWire *w);
