/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <systemd/sd-event.h>

#include "cli/terminal/detach-keys.h"
#include "inside/attach-protocol.h"

/* Our standard input and output, connected to the terminal or streams of an app: the client's side of
 * inside/attach-protocol.h, whose other side may be anybody, as the pod's root may have put it there. If both have a
 * terminal, ours is raw while it lasts, and the app's has its size. */

typedef struct Attachment Attachment;

typedef enum AttachmentEnd {
        ATTACHMENT_ENDED,    /* the app has, or its server was replaced */
        ATTACHMENT_DONE,     /* all has been said, and nothing is wanted */
        ATTACHMENT_DETACHED, /* the keys were typed, or our terminal is gone */
        ATTACHMENT_REFUSED,  /* the app does not have what was wanted */
        ATTACHMENT_BROKEN,   /* what the other side sent is no frame */
        ATTACHMENT_SILENT,   /* it has not said in time what the app has */
} AttachmentEnd;

typedef struct AttachmentOptions {
        uint8_t channels; /* 0: all that the app has */
        DetachKeys keys;
        bool ends_input; /* the end of our standard input is that of the app's, or Ctrl-D on its terminal */
        bool needs_output; /* it ends when output cannot be written, for another reason than that nobody reads it */
        /* Called once, at the end; what came before it has been written. had: what the app has. */
        void (*at_end)(AttachmentEnd end, uint8_t had, void *userdata);
        void *userdata;
} AttachmentOptions;

/* socket_fd is connected; it becomes the attachment's, also when this fails. */
int attachment_new(sd_event *event, int socket_fd, const AttachmentOptions *options, Attachment **ret);
/* Writes what has come, and gives the user's terminal back. An error: some of the output could not be written. */
int attachment_finish(Attachment *a);
/* The same, if it was not done. */
Attachment *attachment_free(Attachment *a);
DEFINE_TRIVIAL_CLEANUP_FUNC(Attachment *, attachment_free);

/* Reads what the app has, waiting for it. The socket stays the caller's. -EBADMSG: what came is something else.
 * -ETIMEDOUT: nothing came. */
int attachment_hello(int socket_fd, uint8_t *ret_channels);
