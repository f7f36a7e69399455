/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stddef.h>

/* For the launcher of an app (app-exec.c) and its parts. */

#define ELEMENTSOF(x) (sizeof(x) / sizeof((x)[0]))
#define EXIT_EXEC 203 /* systemd.exec(5), "Process Exit Codes" */

/* `podctl run`, where it waits for the app, until the relay speaks to it; negative: it does not. */
extern int the_client;

/* Says why the app cannot be, to the journal and to `podctl run`, if that waits for it, and ends the process. */
__attribute__((noreturn, format(printf, 1, 2))) void die(const char *format, ...);
