/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What is left in the control group of an app, which is that of this process, and in groups below it, when the app's
 * main process has ended. systemd would ask or kill all of them alike (systemd.kill(5)), but only the app's are to be
 * killed, at once; what carries its last lines ends by itself. */

/* Waits for the end of the process that passes on what the app has said (notify-relay.h), which ends with the app. */
void app_leftovers_await_notify(void);
/* Kills the app's, at once. */
void app_leftovers_kill(void);
/* Of another group, by its directory. */
void app_leftovers_kill_in(int group);
/* The same, and waits for the end of the other one, which may have to wait for a reader. systemd limits how long that
 * may take. */
void app_leftovers_end(void);
