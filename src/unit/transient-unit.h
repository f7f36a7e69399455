/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "shared/bus.h"

/* A service that exists only while it runs, made with StartTransientUnit() (org.freedesktop.systemd1(5)). */

typedef struct TransientUnit {
        const char *name;         /* with suffix */
        char *const *properties;  /* "NAME=VALUE", see unit-property.h */
        char *const *start;       /* command lines, taken as they are; argv[0] is an absolute path */
        char *const *stop_post;   /* NULL: none */
        const int *stdio;         /* three fds that become its standard input, output and error; NULL: none */
} TransientUnit;

/* Queues the start and hands out the job's object path. -EEXIST: a unit of that name is there already. Other errors
 * come with *reterr_error. */
int transient_unit_start(sd_bus *bus, const TransientUnit *unit, char **ret_job, sd_bus_error *reterr_error);
