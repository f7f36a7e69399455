/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/macro.h"

/* One of the things that a connection carries, in one direction or both: the words of Kubernetes' remotecommand and
 * portforward packages. */

typedef enum StreamKind {
        STREAM_STDIN,
        STREAM_STDOUT,
        STREAM_STDERR,
        STREAM_ERROR,  /* how it went */
        STREAM_RESIZE, /* the client's terminal */
        STREAM_DATA,   /* of a forwarded port */
        _STREAM_KIND_MAX,
        _STREAM_KIND_INVALID = -EINVAL,
} StreamKind;

typedef struct StreamChannel {
        StreamKind kind;
        uint32_t id;      /* the carrier's */
        uint16_t port;    /* of forwarded ports */
        uint32_t request; /* likewise: which two channels belong together */
        bool theirs_ended, ours_ended;
        void *userdata; /* the session's */
        struct StreamChannel *next;
} StreamChannel;
