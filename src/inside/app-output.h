/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "inside/app-journal.h"
#include "inside/app-log-file.h"

/* The output of an app goes to the pod's journal and to the host's (app-journal.h), as the pod's --log= says, to the
 * app's log file if it has one (app-log-file.h), and to `podctl run` if that waits for the pod:
 * byte for byte, with standard output and standard error kept apart.
 *
 * `podctl run` listens on a stream socket for each app, which the launcher finds as LAUNCH_OUTPUT beside its words
 * (launch-places.h) and connects to when it starts the app; if no process listens, output goes to the journal alone.
 * `podctl run` receives frames: a byte for the stream, the length as 32 bits in the byte order of the machine, and the
 * bytes. It sends back 32-bit numbers: how many more of these bytes its own reader has taken.
 *
 * An app that writes faster than that reader reads has to wait, as with a pipe: at most OUTPUT_WINDOW bytes are under
 * way. Once the app has ended it cannot wait any more, and the rest, which is no more than its pipes hold, is sent
 * regardless; so `podctl run` always reads.
 *
 * When an app has ended for good, but not because the host ends the pod, and all that it wrote was sent, the program
 * that records its end connects as well, and sends an OutputEnd in a frame of OUTPUT_END. */

#define OUTPUT_WINDOW (256 * 1024)

enum {
        OUTPUT_STDOUT = 1,
        OUTPUT_STDERR = 2,
        OUTPUT_END = 3,
};

/* What an app's end means for the pod's exit status. */
enum {
        END_WELL,    /* or the app was asked to end */
        END_FAILED,  /* it counts if no app decides */
        END_DECIDES, /* the first failure, which ends the pod with this status */
};

typedef struct __attribute__((packed)) OutputEnd {
        uint8_t meaning;
        int32_t status;
} OutputEnd;

typedef struct __attribute__((packed)) OutputFrame {
        uint8_t stream;
        uint32_t n;
} OutputFrame;

/* Negative: no process listens. */
int app_output_connect(const char *path);
/* -1: the process that listened has gone. */
int app_output_send(int fd, int stream, const char *data, size_t n);

typedef struct AppOutput {
        int pipes[2];   /* the app's standard output and error */
        int journal[2]; /* streams to the pod's journald */
        int mute;       /* nothing goes to these */
        AppJournal host;
        AppLogFile log_file;
        int client;     /* negative: no process listens */
        int app;        /* pidfd_open(2); negative: it has ended */
} AppOutput;

/* Carries all output to its destinations until no process is left that could write, and then closes the pipes. */
void app_output_carry(AppOutput *o);
