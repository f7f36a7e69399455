/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stddef.h>

#include "inside/app-journal.h"
#include "inside/app-log-file.h"

/* For the launcher of an app (app-exec.c) and its parts. */

#define ELEMENTSOF(x) (sizeof(x) / sizeof((x)[0]))
#define EXIT_EXEC 203 /* systemd.exec(5), "Process Exit Codes" */

/* The connection to `podctl run`, if that waits for the app, until the relay takes it over; negative: there is none. */
extern int the_client;
/* The host's journal, likewise. */
extern AppJournal the_journal;
/* The app's log file, likewise. */
extern AppLogFile the_log_file;
/* A file for why the app cannot start; negative: there is none. */
extern int the_reason;

/* Reports why the app cannot start, to that file, the journals, its log file and, if that waits for the app, to
 * `podctl run`. Ends the process. */
__attribute__((noreturn, format(printf, 1, 2))) void die(const char *format, ...);
