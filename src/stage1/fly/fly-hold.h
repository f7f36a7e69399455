/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A process that keeps the locks of a pod without an init: its main process becomes the app, which must not have
 * descriptors that lead to the host. It keeps all that would pass through exec, stays in the mount namespace of the
 * caller, reacts to no signal, and ends with the caller's process, whatever that has become. Returns its pidfd. */
int fly_hold(void);

/* Ends it, for a caller that becomes no app; afterwards it has no lock any more. The pidfd may be negative. */
void fly_let_go(int pidfd);
