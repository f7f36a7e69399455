/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cli/context.h"
#include "streaming/stream-request.h"

/* What exec and attach run: a child that does what 'podctl exec' and 'podctl attach' do, with a terminal or pipes of
 * ours. It is told to end when we end. */

typedef struct StreamProgram {
        pid_t pid;
        int in, out, err; /* our ends; of a terminal, in and out are the same and err is none */
        int report;
} StreamProgram;

#define STREAM_PROGRAM_NONE { .in = -EBADF, .out = -EBADF, .err = -EBADF, .report = -EBADF }

/* The caller waits for the process. */
int stream_program_start(const StreamRequest *request, StreamProgram *ret);
/* What is left open is closed; the process is left alone. */
void stream_program_done(StreamProgram *p);

void stream_program_resize(const StreamProgram *p, uint16_t rows, uint16_t columns);
/* After its end: the exit status, or a negative number with what went wrong. */
int stream_program_result(const StreamProgram *p, int code, int status, char **reterr_message);
