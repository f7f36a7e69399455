/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "shared/bus.h"

/* Unit properties as text, "MemoryMax=1G", in the form that unit files and `systemctl set-property` use, and their
 * conversion for a StartTransientUnit() call. systemd.resource-control(5), systemd.service(5), systemd.unit(5),
 * systemd.exec(5), org.freedesktop.systemd1(5) for the D-Bus names and types. */

/* Checks name and value. -EINVAL, -ERANGE: the property does not take the value. -EOPNOTSUPP: the property is not
 * known. *reterr_message is one line. */
int unit_property_check(const char *assignment, char **reterr_message);

/* Whether it stands in section [Unit] of a file, and not in that of the unit's kind. */
bool unit_property_is_of_unit(const char *assignment);

/* Whether a text is one line in a unit file: no line break, and no backslash at its end that takes in the next one
 * (systemd.syntax(7)). */
bool unit_line_is_complete(const char *text);
/* The assignment as a line of a unit file, where '%' would begin a specifier. -EINVAL: it cannot be one. */
int unit_property_line(const char *assignment, char **ret, char **reterr_message);

/* Appends "(sv)" to a message in which an array of these is open. */
int unit_property_append(sd_bus_message *m, const char *assignment);
