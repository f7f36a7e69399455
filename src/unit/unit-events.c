/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "unit/unit-events.h"

int unit_events_subscribe(sd_bus *bus)
{
        return sd_bus_call_method_async(bus, NULL, bus_systemd_manager.destination, bus_systemd_manager.path,
                                        bus_systemd_manager.interface, "Subscribe", NULL, NULL, NULL);
}

int unit_events_run(sd_event *event, sd_bus *bus, uint64_t usec)
{
        int r = sd_event_run(event, usec);

        if (r < 0)
                return r;
        if (sd_event_get_state(event) == SD_EVENT_FINISHED)
                return -ECANCELED;
        return sd_bus_is_open(bus) > 0 ? 0 : -ECONNRESET;
}
