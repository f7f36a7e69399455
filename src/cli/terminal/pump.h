/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <systemd/sd-event.h>

#include "basic/macro.h"

/* Moves bytes from one fd to another on an event loop, reading no more while the other side does not take what it
 * was given. Starts switched off. The fds stay the caller's; the one that is written to should not block. */

typedef struct Pump Pump;

/* at_end is called once, when the source has ended and all of it was passed on, or no more can be written. Without it,
 * what cannot be written is dropped, for as long as there is a source. */
int pump_new(sd_event *event, int from, int to, void (*at_end)(void *userdata), void *userdata, Pump **ret);
Pump *pump_free(Pump *p);
DEFINE_TRIVIAL_CLEANUP_FUNC(Pump *, pump_free);

int pump_enable(Pump *p);
/* Passes on what is there, for the last time: waits until it is taken, and not for more. */
void pump_drain(Pump *p);
/* What kept it from writing, other than that nobody reads any more; 0: nothing has yet. */
int pump_error(const Pump *p);
