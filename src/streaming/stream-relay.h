/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "streaming/stream-connection.h"

/* Between a channel and a descriptor, which these own. Neither waits, and neither keeps more than a little: who does
 * not take what there is stops who has more of it. */

typedef struct StreamSink StreamSink;     /* channel to descriptor */
typedef struct StreamSource StreamSource; /* descriptor to channel */

/* is_terminal: the end of input is the key for that. */
int stream_sink_new(sd_event *event, StreamConnection *connection, bool is_terminal, StreamSink **ret);
/* Where it goes to; what came before waits. The descriptor becomes the sink's, also on failure. */
int stream_sink_open(StreamSink *s, int fd);
StreamSink *stream_sink_free(StreamSink *s);
DEFINE_TRIVIAL_CLEANUP_FUNC(StreamSink *, stream_sink_free);

/* What the other side does not want any more is dropped. */
void stream_sink_write(StreamSink *s, const uint8_t *data, size_t n);
/* Nothing more comes: of a socket, only that direction ends. */
void stream_sink_end(StreamSink *s);

/* at_end: called once, when all was sent. The descriptor becomes the source's, also on failure. */
int stream_source_new(sd_event *event, StreamConnection *connection, StreamChannel *channel, int fd,
                      void (*at_end)(void *userdata), void *userdata, StreamSource **ret);
StreamSource *stream_source_free(StreamSource *s);
DEFINE_TRIVIAL_CLEANUP_FUNC(StreamSource *, stream_source_free);

/* There is room again. */
void stream_source_resume(StreamSource *s);
/* Who writes has ended: what is there now is the last of it, also if somebody else could write more. */
void stream_source_expect_end(StreamSource *s);
