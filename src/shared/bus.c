/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdarg.h>
#include <string.h>

#include "basic/string-util.h"
#include "shared/bus.h"

const BusLocator bus_systemd_manager = {
        "org.freedesktop.systemd1",
        "/org/freedesktop/systemd1",
        "org.freedesktop.systemd1.Manager",
};

const BusLocator bus_machine_manager = {
        "org.freedesktop.machine1",
        "/org/freedesktop/machine1",
        "org.freedesktop.machine1.Manager",
};

int bus_message_new(sd_bus *bus, const BusLocator *l, const char *member, sd_bus_message **ret)
{
        return sd_bus_message_new_method_call(bus, ret, l->destination, l->path, l->interface, member);
}

int bus_call(sd_bus *bus, const BusLocator *l, const char *member, sd_bus_error *reterr_error,
             sd_bus_message **ret_reply, const char *types, ...)
{
        _cleanup_bus_message_ sd_bus_message *m = NULL;
        va_list ap;
        int r;

        r = bus_message_new(bus, l, member, &m);
        if (r < 0)
                return r;

        if (types && *types) {
                va_start(ap, types);
                r = sd_bus_message_appendv(m, types, ap);
                va_end(ap);
                if (r < 0)
                        return r;
        }

        return sd_bus_call(bus, m, 0, reterr_error, ret_reply);
}

const char *bus_error_text(const sd_bus_error *error, int r)
{
        /* sd-bus turns the bus's refusal of a connection into this. */
        if (r == -ENOBUFS && (!error || !error->message || streq(error->message, strerror(ENOBUFS))))
                return "the host's D-Bus takes no more connections of this user (its limit max_connections_per_user)";
        return error && error->message ? error->message : strerror(r < 0 ? -r : r);
}
