/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>

/* Changes of the records that app-status.h describes; directory is where they are. */

/* Where the note is that the app is started again; NULL: it has another one. */
char *app_record_find_restarts(char *record);
/* It is not started again after all. Keeps the time of its end; does nothing if there is no such note. */
int app_record_no_restart(int fd);

/* The number only grows, and is written over in one piece: a reader sees the old or the new one. */
int app_record_count_restart(int directory, const char *app);
unsigned long app_record_restarts(int directory, const char *app);

/* A run of an app that is started again when it ends: counts that of a run before whose end was not recorded, since
 * what records it was killed with it. */
void app_record_begin_run(int directory, const char *app);
/* Returns whether there was one, which has its record now. */
bool app_record_end_run(int directory, const char *app);
