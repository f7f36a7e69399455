/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <nettle/sha1.h>
#include <wslay/wslay.h>

#include "basic/base64.h"
#include "basic/string-util.h"
#include "streaming/websocket.h"

#define ACCEPT_SUFFIX "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

struct Websocket {
        WebsocketEvents events;
        void *userdata;
        wslay_event_context_ptr context;
        const uint8_t *data; /* what is being received */
        size_t n;
        int result; /* of what was written, and of messages */
};

static ssize_t on_recv(wslay_event_context_ptr context, uint8_t *buffer, size_t n, int flags, void *userdata)
{
        Websocket *w = userdata;

        n = MIN(n, w->n);
        if (n == 0) {
                wslay_event_set_error(context, WSLAY_ERR_WOULDBLOCK);
                return -1;
        }
        memcpy(buffer, w->data, n);
        w->data += n;
        w->n -= n;
        return (ssize_t) n;
}

static ssize_t on_send(wslay_event_context_ptr context, const uint8_t *data, size_t n, int flags, void *userdata)
{
        Websocket *w = userdata;
        int r = w->events.write(data, n, w->userdata);

        if (r >= 0)
                return (ssize_t) n;
        w->result = r;
        wslay_event_set_error(context, WSLAY_ERR_CALLBACK_FAILURE);
        return -1;
}

static void on_message(wslay_event_context_ptr context, const struct wslay_event_on_msg_recv_arg *message,
                       void *userdata)
{
        Websocket *w = userdata;

        if (wslay_is_ctrl_frame(message->opcode) || w->result < 0)
                return;
        w->result = message->opcode == WSLAY_BINARY_FRAME
                            ? w->events.on_message(message->msg, message->msg_length, w->userdata)
                            : -EBADMSG;
        if (w->result < 0)
                (void) wslay_event_queue_close(context, WEBSOCKET_UNSUPPORTED, NULL, 0);
}

int websocket_new(const WebsocketEvents *events, void *userdata, Websocket **ret)
{
        static const struct wslay_event_callbacks callbacks = {
                .recv_callback = on_recv,
                .send_callback = on_send,
                .on_msg_recv_callback = on_message,
        };
        _cleanup_(websocket_freep) Websocket *w = new0(Websocket, 1);

        if (!w || wslay_event_context_server_init(&w->context, &callbacks, w) != 0)
                return -ENOMEM;
        wslay_event_config_set_max_recv_msg_length(w->context, WEBSOCKET_MESSAGE_MAX);
        w->events = *events;
        w->userdata = userdata;
        *ret = TAKE_PTR(w);
        return 0;
}

Websocket *websocket_free(Websocket *w)
{
        if (!w)
                return NULL;
        if (w->context)
                wslay_event_context_free(w->context);
        return mfree(w);
}

static int flush(Websocket *w)
{
        return wslay_event_send(w->context) == 0 ? w->result : MIN(w->result, -ENOMEM);
}

int websocket_receive(Websocket *w, const uint8_t *data, size_t n)
{
        int r;

        w->data = data;
        w->n = n;
        r = wslay_event_recv(w->context);
        if (flush(w) < 0)
                return w->result < 0 ? w->result : -ENOMEM;
        if (r == WSLAY_ERR_NOMEM)
                return -ENOMEM;
        if (wslay_event_get_close_received(w->context))
                return -ECONNRESET;
        /* After a mistake, the library reads nothing more. */
        return r != 0 || !wslay_event_get_read_enabled(w->context) ? -EBADMSG : 0;
}

int websocket_send(Websocket *w, const uint8_t *prefix, size_t n_prefix, const uint8_t *data, size_t n)
{
        _cleanup_free_ uint8_t *whole = malloc(MAX(n_prefix + n, (size_t) 1));
        int r;

        if (!whole)
                return -ENOMEM;
        if (n_prefix > 0)
                memcpy(whole, prefix, n_prefix);
        if (n > 0)
                memcpy(whole + n_prefix, data, n);
        r = wslay_event_queue_msg(w->context, &(struct wslay_event_msg) { WSLAY_BINARY_FRAME, whole, n_prefix + n });
        /* After a close, nothing is sent any more. */
        if (r == WSLAY_ERR_NO_MORE_MSG)
                return 0;
        return r == 0 ? flush(w) : -ENOMEM;
}

int websocket_ping(Websocket *w)
{
        int r = wslay_event_queue_msg(w->context, &(struct wslay_event_msg) { WSLAY_PING, NULL, 0 });

        if (r == WSLAY_ERR_NO_MORE_MSG)
                return 0;
        return r == 0 ? flush(w) : -ENOMEM;
}

int websocket_close(Websocket *w, unsigned status)
{
        int r = wslay_event_queue_close(w->context, (uint16_t) status, NULL, 0);

        if (r == WSLAY_ERR_NO_MORE_MSG)
                return 0;
        return r == 0 ? flush(w) : -ENOMEM;
}

char *websocket_accept(const char *key)
{
        _cleanup_free_ char *text = strjoin(key, ACCEPT_SUFFIX);
        uint8_t digest[SHA1_DIGEST_SIZE];
        struct sha1_ctx context;

        if (!text)
                return NULL;
        sha1_init(&context);
        sha1_update(&context, strlen(text), (const uint8_t *) text);
        sha1_digest(&context, sizeof(digest), digest);
        return base64_encode(digest, sizeof(digest));
}
