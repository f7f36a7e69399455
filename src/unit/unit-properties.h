/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "shared/bus.h"

/* The properties of a unit, as systemd tells of them: a dictionary, "a{sv}". */

/* Called with each of them; reads its value, a variant, or skips it. A negative number ends the reading. */
typedef int (*UnitPropertyFunction)(sd_bus_message *m, const char *name, void *userdata);

int unit_properties_read(sd_bus_message *m, UnitPropertyFunction function, void *userdata);
/* Those of all interfaces of the unit that has this path. */
int unit_properties_at(sd_bus *bus, const char *path, UnitPropertyFunction function, void *userdata);
/* The same by the unit's name. -ENOENT: no such unit is loaded. */
int unit_properties_of(sd_bus *bus, const char *unit, UnitPropertyFunction function, void *userdata);
