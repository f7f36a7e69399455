/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/log.h"
#include "cli/start/next-step.h"
#include "unit/unit-wait.h"

void tell_next_step(Context *c, const char *name)
{
        _cleanup_free_ char *unit = strjoin("pod@", name, ".service");
        _cleanup_(unit_status_done) UnitStatus status = {};
        sd_bus *bus;

        if (unit && context_bus(c, &bus) >= 0 && unit_get_status(bus, unit, &status) >= 0 && status.active)
                log_info("The pod runs as it was; start it again with: systemctl restart pod@%s", name);
        else
                log_info("Start it now and at each boot with: systemctl enable --now pod@%s", name);
}
