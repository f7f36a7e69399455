/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cli/terminal/pod-events.h"
#include "pod/pod.h"
#include "shared/worker.h"

/* Reads events of pods from journalctl(1), and leaves out what was not sent by podctl. */

typedef struct EventReader {
        PodStore *pods;
        Worker journalctl;
        FILE *f;
} EventReader;

#define EVENT_READER_NONE { .journalctl = WORKER_NONE }

/* seconds: how long it takes at most, since a journal that is followed has no end; 0: for ever. */
int event_reader_open(PodStore *pods, const EventQuery *query, unsigned seconds, EventReader *ret);
/* Ends journalctl. */
void event_reader_done(EventReader *r);

/* 1: *ret is the next one. 0: there are no more, and event_reader_finish() says how journalctl has ended. */
int event_reader_next(EventReader *r, EventEntry *ret);
/* -EXIT_FAILURE: journalctl has reported why. -ECHILD: a signal has ended it. Others: it could not be run. */
int event_reader_finish(EventReader *r);
