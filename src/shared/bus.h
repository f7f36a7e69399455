/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <systemd/sd-bus.h>

#include "basic/macro.h"

/* Our requests over D-Bus, and the errors that come back, with sd-bus. */

#define _cleanup_bus_ _cleanup_(sd_bus_flush_close_unrefp)
#define _cleanup_bus_message_ _cleanup_(sd_bus_message_unrefp)
#define _cleanup_bus_error_ _cleanup_(sd_bus_error_free)

typedef struct BusLocator {
        const char *destination;
        const char *path;
        const char *interface;
} BusLocator;

extern const BusLocator bus_systemd_manager;
extern const BusLocator bus_machine_manager;

int bus_call(sd_bus *bus, const BusLocator *locator, const char *member, sd_bus_error *reterr_error,
             sd_bus_message **ret_reply, const char *types, ...);
int bus_message_new(sd_bus *bus, const BusLocator *locator, const char *member, sd_bus_message **ret);

/* The peer's own message if there is one, else the text of the errno. */
const char *bus_error_text(const sd_bus_error *error, int r);
