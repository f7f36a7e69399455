/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "shared/bus.h"

/* Unit properties as text, "MemoryMax=1G", the way unit files and `systemctl set-property` have them, and their
 * way into a StartTransientUnit() call. systemd.resource-control(5), systemd.service(5), systemd.unit(5),
 * systemd.exec(5), org.freedesktop.systemd1(5) for the D-Bus names and types. */

/* Checks name and value. -EINVAL: a value the property does not take. -EOPNOTSUPP: a property we do not know.
 * *reterr_message says so in one line. */
int unit_property_check(const char *assignment, char **reterr_message);

/* Appends "(sv)" to a message that stands inside an array of these. */
int unit_property_append(sd_bus_message *m, const char *assignment);
