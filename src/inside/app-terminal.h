/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The terminal of an app, or of a command beside it: one of the devpts that is in this app's /dev alone
 * (app-devices.h), so that no other app of the pod can open it. The launcher makes it, as the user whom it is to belong
 * to, and hands over the side that is not the app's. */

/* Returns the side that is not the app's; dies if there is none. */
int app_terminal_new(void);
/* Makes this process the leader of a session, unless it is, and fd, the app's side, the terminal of that. */
void app_terminal_own(int fd);

/* For a command whose standard input, output and error are a socket of type SOCK_SEQPACKET: what goes wrong until now
 * is a message there. This sends a byte with the terminal, waits for one in return, when the terminal has its size, and
 * puts the command's side in the place of the three. */
void app_terminal_take(void);
