/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/unit-properties.h"

static int read_one(sd_bus_message *m, UnitPropertyFunction function, void *userdata)
{
        const char *name;
        int r = sd_bus_message_read(m, "s", &name);

        if (r >= 0)
                r = function(m, name, userdata);
        return r < 0 ? r : sd_bus_message_exit_container(m);
}

int unit_properties_read(sd_bus_message *m, UnitPropertyFunction function, void *userdata)
{
        int r = sd_bus_message_enter_container(m, 'a', "{sv}");

        if (r < 0)
                return r;
        while ((r = sd_bus_message_enter_container(m, 'e', "sv")) > 0) {
                r = read_one(m, function, userdata);
                if (r < 0)
                        return r;
        }
        return r;
}

int unit_properties_at(sd_bus *bus, const char *path, UnitPropertyFunction function, void *userdata)
{
        _cleanup_bus_message_ sd_bus_message *reply = NULL;
        int r = sd_bus_call_method(bus, bus_systemd_manager.destination, path, "org.freedesktop.DBus.Properties",
                                   "GetAll", NULL, &reply, "s", "");

        return r < 0 ? r : unit_properties_read(reply, function, userdata);
}

int unit_properties_of(sd_bus *bus, const char *unit, UnitPropertyFunction function, void *userdata)
{
        _cleanup_bus_message_ sd_bus_message *reply = NULL;
        const char *path;
        int r = bus_call(bus, &bus_systemd_manager, "GetUnit", NULL, &reply, "s", unit);

        if (r >= 0)
                r = sd_bus_message_read(reply, "o", &path);
        return r < 0 ? r : unit_properties_at(bus, path, function, userdata);
}
