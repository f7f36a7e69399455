/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdint.h>

/* A process of ours beside an app, of whose program it is a copy, that waits for something and can do nothing else.
 * Becoming one: only the capabilities of the mask kept are left, and in the end only fd is open, as descriptor 0, since
 * what reads from the app would wait for this process to close the others. Ends the process if that fails. */
void app_bystander_become(int fd, uint32_t kept);

/* A descriptor that tells of all signals, which have to be blocked (signalfd(2)). */
int app_bystander_signals(void);
