/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <systemd/sd-event.h>

/* Turns Ctrl-C and its like (SIGINT, SIGTERM, SIGHUP) into events of the loop, for commands that pass them on to what
 * they wait for. */
int interrupts_watch(sd_event *event, sd_event_signal_handler_t handler, void *userdata);
/* For a process that goes on without that loop: they end it again, also one that has come since. */
void interrupts_end(void);
