/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "inside/app-stdio.h"
#include "inside/attach-protocol.h"

/* Our ends of an app's terminal or streams. What the app writes goes to its journal's pipe, and to the caller; what it
 * is to read waits here until it takes it. They outlive this process (attach-keep.h). They are new for each start of
 * the app; a terminal keeps its size. */

/* One of what the app writes. */
typedef struct AttachSource {
        int fd;  /* negative: the app has not started, or all of this has come */
        int log; /* the pipe to the journal, or negative */
        uint8_t held[ATTACH_DATA_MAX + 1]; /* what the journal has not taken yet */
        size_t n_held, offset;
        bool returned; /* the last byte was a carriage return, which is still to come in the journal */
} AttachSource;

enum {
        ATTACH_SOURCE_OUTPUT, /* or the terminal */
        ATTACH_SOURCE_ERROR,
        _ATTACH_SOURCE_MAX,
};

typedef struct AttachStreams {
        StdioKind kinds[3];
        int terminal; /* negative: it has none yet */
        int input;    /* the other end of standard input, or the terminal; negative: there is none now */
        AttachSource sources[_ATTACH_SOURCE_MAX];
        uint8_t typed[ATTACH_DATA_MAX]; /* what the app has not taken yet */
        size_t n_typed, offset;
        uint16_t rows, columns; /* of the terminal, if they are known */
} AttachStreams;

/* With what was kept from a process before. */
void attach_streams_init(AttachStreams *s, const StdioKind kinds[static 3]);
uint8_t attach_streams_channels(const AttachStreams *s);

/* For an app that starts: what was given with its request is ours from now on (app-stdio.h); ret gets its ends, in the
 * order of kinds, for as many as are returned. -1: they could not be made. */
int attach_streams_open(AttachStreams *s, const StdioRequest *request, const int given[static 3], int ret[static 3]);
void attach_streams_close_ends(int ends[static 3], int n);

/* Reads what there is, of ATTACH_DATA_MAX bytes at most. 0: nothing now. The journal must have taken what came
 * before. */
size_t attach_source_read(AttachStreams *s, int i, uint8_t *data);
void attach_source_log(AttachStreams *s, int i);

/* Whether the app is there, and has taken what came before. */
bool attach_streams_take_input(const AttachStreams *s);
/* Only then. */
void attach_streams_type(AttachStreams *s, const uint8_t *data, size_t n);
void attach_streams_feed(AttachStreams *s);
void attach_streams_end_input(AttachStreams *s);
void attach_streams_resize(AttachStreams *s, uint16_t rows, uint16_t columns);
