/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How clients speak to the program that has the standard input and output of an app (app-attach.c): on a Unix socket of
 * type SOCK_SEQPACKET, LAUNCH_ATTACH beside the app's other files (launch-places.h), which only root reaches. Every
 * packet is one frame: a byte that says what it is, and what belongs to it. Numbers are in the byte order of the
 * machine. Who sends anything else is cut off.
 *
 * First the server says what the app has. A client that wants more than this answers with what it chose of that, at
 * least one, and gets these bytes from then on; what was before is in the journal. It may say its size before that, so
 * that an app that waits for it starts with it. Clients are equal: all get the same output, their input is mixed as it
 * comes, and the terminal has the size that was said last. The connection ends with the app, and lasts over its
 * restarts.
 *
 * The app does not wait for clients: what one does not take in time is left out for it, with a frame that says how much
 * that was. The exception is the client that started the pod; see LAUNCH_ATTACHED. */

#define ATTACH_VERSION 1
/* Bytes in a frame, at most; and in a packet. */
#define ATTACH_DATA_MAX 16384
#define ATTACH_PACKET_MAX (1 + ATTACH_DATA_MAX)

typedef enum AttachFrameType {
        ATTACH_HAS = 1,    /* server: its ATTACH_VERSION, and the channels that the app has, a byte each */
        ATTACH_CHOICE = 2, /* client: the channels that it wants, a byte */
        ATTACH_INPUT = 3,  /* client: bytes for standard input or the terminal */
        ATTACH_END = 4,    /* client: standard input ends. A terminal takes the character for that as input instead */
        ATTACH_SIZE = 5,   /* client: rows and columns of its terminal, 16 bits each */
        ATTACH_OUTPUT = 6, /* server: bytes of standard output or the terminal */
        ATTACH_ERROR = 7,  /* server: bytes of standard error */
        ATTACH_LOST = 8,   /* server: so many bytes were left out here, 64 bits */
        _ATTACH_FRAME_MAX,
} AttachFrameType;

/* Channels: a mask. An app has a terminal or streams, never both. */
enum {
        ATTACH_STDIN = 1,
        ATTACH_STDOUT = 2,
        ATTACH_STDERR = 4,
        ATTACH_TTY_IN = 8,
        ATTACH_TTY_OUT = 16,
        ATTACH_ANY_IN = ATTACH_STDIN | ATTACH_TTY_IN,
        ATTACH_ANY_TTY = ATTACH_TTY_IN | ATTACH_TTY_OUT,
};

/* A frame that is right in itself; which members are set follows from the type. */
typedef struct AttachFrame {
        AttachFrameType type;
        uint8_t version;
        uint8_t channels;
        uint16_t rows, columns;
        uint64_t lost;
        const uint8_t *data; /* in the packet */
        size_t n;
} AttachFrame;

/* False: the packet is no frame. */
bool attach_frame_read(const uint8_t *packet, size_t n, AttachFrame *ret);
/* Returns the size of the packet. */
size_t attach_frame_write(const AttachFrame *frame, uint8_t packet[static ATTACH_PACKET_MAX]);
