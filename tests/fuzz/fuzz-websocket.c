/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuzz.h"
#include "streaming/websocket.h"

/* Bytes of a client, and a server that sends back what comes. */

static int on_write(const uint8_t *data, size_t n, void *userdata)
{
        return 0;
}

static int on_message(const uint8_t *data, size_t n, void *userdata)
{
        Websocket **websocket = userdata;

        FUZZ_ASSERT(n <= WEBSOCKET_MESSAGE_MAX);
        return n > 0 ? websocket_send(*websocket, NULL, 0, data, n) : -EBADMSG;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        _cleanup_(websocket_freep) Websocket *websocket = NULL;
        size_t half = size / 2;

        FUZZ_ASSERT(websocket_new(&(WebsocketEvents) { on_write, on_message }, &websocket, &websocket) == 0);
        if (websocket_receive(websocket, data, half) >= 0)
                (void) websocket_receive(websocket, data + half, size - half);
        return 0;
}
