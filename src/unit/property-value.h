/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "shared/bus.h"

/* Kinds of values of unit properties, for the table in unit-property.c: each from the form that it has in unit files to
 * the one that it has on the bus. */

typedef struct PropertyRow PropertyRow;

/* With a message, appends "(sv)" to it; without one, only checks. -EINVAL, -ERANGE: the property does not take the
 * value. */
typedef int (*property_value_t)(sd_bus_message *m, const PropertyRow *row, const char *value);

struct PropertyRow {
        const char *name;
        property_value_t append;
        /* The name on the bus where it differs from the one in unit files. */
        const char *bus_name;
        /* All values that the property takes, separated by '|'; NULL: there is no such list. */
        const char *words;
        bool of_unit; /* it stands in section [Unit] of a file */
};

const char *property_bus_name(const PropertyRow *row);

int property_value_bind(sd_bus_message *m, const PropertyRow *row, const char *value);
int property_value_boolean(sd_bus_message *m, const PropertyRow *row, const char *value);
int property_value_bytes(sd_bus_message *m, const PropertyRow *row, const char *value);
int property_value_capabilities(sd_bus_message *m, const PropertyRow *row, const char *value);
/* Numbers and ranges, "0-3,8": a bit each, the lowest first, as the bus has sets of CPUs. */
int property_value_set(sd_bus_message *m, const PropertyRow *row, const char *value);
int property_value_cpu_weight(sd_bus_message *m, const PropertyRow *row, const char *value);
int property_value_device(sd_bus_message *m, const PropertyRow *row, const char *value);
int property_value_device_limit(sd_bus_message *m, const PropertyRow *row, const char *value);
int property_value_environment(sd_bus_message *m, const PropertyRow *row, const char *value);
int property_value_exit_status(sd_bus_message *m, const PropertyRow *row, const char *value);
int property_value_int(sd_bus_message *m, const PropertyRow *row, const char *value);
int property_value_limit(sd_bus_message *m, const PropertyRow *row, const char *value);
int property_value_quota(sd_bus_message *m, const PropertyRow *row, const char *value);
int property_value_scheduling_policy(sd_bus_message *m, const PropertyRow *row, const char *value);
int property_value_signal(sd_bus_message *m, const PropertyRow *row, const char *value);
int property_value_slice(sd_bus_message *m, const PropertyRow *row, const char *value);
int property_value_string(sd_bus_message *m, const PropertyRow *row, const char *value);
int property_value_strv(sd_bus_message *m, const PropertyRow *row, const char *value);
int property_value_uint32(sd_bus_message *m, const PropertyRow *row, const char *value);
int property_value_uint64(sd_bus_message *m, const PropertyRow *row, const char *value);
int property_value_usec(sd_bus_message *m, const PropertyRow *row, const char *value);
int property_value_word(sd_bus_message *m, const PropertyRow *row, const char *value);
