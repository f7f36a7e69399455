/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <systemd/sd-event.h>

#include "shared/bus.h"

/* systemd's signals about its units and jobs, for those who wait for them. */

/* Asks for them. systemd handles this before the next call of this connection, so there is no need to wait for the
 * reply, which is an error if the connection has asked before. */
int unit_events_subscribe(sd_bus *bus);

/* Runs the loop once, for so long at most. -ECANCELED: something ended the loop; -ECONNRESET: the connection broke. */
int unit_events_run(sd_event *event, sd_bus *bus, uint64_t usec);
