/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "inside/launch-options.h"

/* Goes on in a child, in the PID namespace that was entered for children. This process stays for whoever waits for it:
 * it passes on the signals that it gets, and ends as the child ends. The child also ends when this process does, by
 * app_follow_bind(), which it calls right before it becomes a program. */
void app_follow(LaunchOptions *l);
void app_follow_bind(const LaunchOptions *l);

/* A session ends with its first process: that gives up the terminal, if this is one, before another process can take
 * it. All signals have to be blocked. Returns whether it did. */
bool app_terminal_leave(void);
/* Makes a session of this process, with the terminal if it was given up. */
void app_session_own(bool terminal);
