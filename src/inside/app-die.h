/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stddef.h>

/* For the launcher of an app (app-exec.c) and its parts. */

#define ELEMENTSOF(x) (sizeof(x) / sizeof((x)[0]))
#define EXIT_EXEC 203 /* systemd.exec(5), "Process Exit Codes" */

/* The connection to `podctl run`, if that waits for the app, until the relay takes it over; negative: there is none. */
extern int the_client;

/* Reports why the app cannot start, to the journal and, if that waits for the app, to `podctl run`. Ends the
 * process. */
__attribute__((noreturn, format(printf, 1, 2))) void die(const char *format, ...);
