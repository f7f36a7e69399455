/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* What an app writes goes to the pod's journal, and to `podctl run` where that waits for the pod: byte for byte, what
 * it wrote to its standard output told from what it wrote to its standard error.
 *
 * `podctl run` listens on a stream socket for each app, which the launcher finds as LAUNCH_OUTPUT beside its words
 * (launch-places.h) and connects to when it starts the app; where nobody listens, there is the journal alone. Frames go
 * to `podctl run`: a byte that is the stream, the length as 32 bits in the byte order of the machine, and the bytes.
 * Back come 32-bit numbers: how many more of these bytes the reader of `podctl run` has taken.
 *
 * An app that writes faster than its reader reads waits for it, like one with a pipe: no more than OUTPUT_WINDOW is
 * under way. When it has ended it cannot wait any more, and the rest, which is no more than its pipes hold, is sent
 * anyhow; so `podctl run` always reads. */

#define OUTPUT_WINDOW (256 * 1024)

enum {
        OUTPUT_STDOUT = 1,
        OUTPUT_STDERR = 2,
};

typedef struct __attribute__((packed)) OutputFrame {
        uint8_t stream;
        uint32_t n;
} OutputFrame;

/* Negative: nobody listens. */
int app_output_connect(const char *path);
/* -1: the process that listened has gone. */
int app_output_send(int fd, int stream, const char *data, size_t n);

typedef struct AppOutput {
        int pipes[2];   /* what the app writes: standard output and error */
        int journal[2]; /* streams of journald's; or, with raw, where the bytes are to go as they are */
        int client;     /* negative: nobody listens */
        int app;        /* pidfd_open(2); negative: it has ended */
        int raw;
} AppOutput;

/* Carries all that comes to where it is to go, until nobody is left who could write, and closes the pipes then; with
 * raw a pipe also when what it leads to is gone. */
void app_output_carry(AppOutput *o);
