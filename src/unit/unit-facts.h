/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <json-c/json.h>

#include "shared/bus.h"

/* What systemd knows of a service: an object with the properties of its state and with the limits that are set, under
 * systemd's names for them (org.freedesktop.systemd1(5)). -ENOENT: no such unit is loaded. */
int unit_facts(sd_bus *bus, const char *unit, json_object **ret);

/* 1: there is a job for the unit. */
int unit_has_job(sd_bus *bus, const char *unit);
