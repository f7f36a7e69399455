/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/log.h"
#include "cli/start/next-step.h"
#include "unit/unit-wait.h"

static bool is_active(Context *c, const char *name, const char *suffix)
{
        _cleanup_free_ char *unit = strjoin("pod@", name, suffix);
        _cleanup_(unit_status_done) UnitStatus status = {};
        sd_bus *bus;

        return unit && context_bus(c, &bus) >= 0 && unit_get_status(bus, unit, &status) >= 0 && status.active;
}

static void tell_of_timer(Context *c, const char *name)
{
        if (is_active(c, name, ".timer"))
                log_info("Its timer is active; see when it starts the pod with: systemctl list-timers pod@%s.timer",
                         name);
        else
                log_info("Start its timer now and at each boot with: systemctl enable --now pod@%s.timer", name);
}

void tell_next_step(Context *c, const char *name, bool timer)
{
        if (timer)
                tell_of_timer(c, name);
        else if (is_active(c, name, ".service"))
                log_info("The pod runs as it was; start it again with: systemctl restart pod@%s", name);
        else
                log_info("Start it now and at each boot with: systemctl enable --now pod@%s", name);
}
