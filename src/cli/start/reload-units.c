/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/log.h"
#include "cli/start/reload-units.h"
#include "shared/bus.h"

static int reload_manager(Context *c, sd_bus_error *reterr_error)
{
        sd_bus *bus;
        int r = context_bus(c, &bus);

        return r < 0 ? r : bus_call(bus, &bus_systemd_manager, "Reload", reterr_error, NULL, NULL);
}

void reload_units(Context *c)
{
        _cleanup_bus_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        int r = reload_manager(c, &error);

        if (r < 0)
                log_warning_errno(r, "The unit has to be read again, with systemctl daemon-reload: %s",
                                  bus_error_text(&error, r));
}
