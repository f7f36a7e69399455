/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/strv.h"
#include "shared/bus.h"

/* The devices that the processes of a unit may use: DeviceAllow= of systemd.resource-control(5). A list has lines as
 * that setting does: "/dev/zero rw". */

/* Whether the list has the device, under any name of it, with these permissions. Groups of devices ("char-pts") only
 * have themselves. */
bool device_list_has(char *const *list, const char *line);
/* Adds the line; a name that is there gets the permissions in addition. */
int device_list_add(char ***list, const char *line);

/* 1: *ret is all that the unit may use besides what all units may (DevicePolicy=). 0: it may use any device. */
int unit_devices_get(sd_bus *bus, const char *unit, char ***ret, sd_bus_error *reterr_error);
/* Replaces the list while the unit runs. */
int unit_devices_set(sd_bus *bus, const char *unit, char *const *list, sd_bus_error *reterr_error);
