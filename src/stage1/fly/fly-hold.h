/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A process that keeps the locks of a pod without an init: its main process becomes the app, which must not have
 * descriptors that lead to the host. It keeps all that would pass through exec, stays in the mount namespace of the
 * caller, reacts to no signal, and ends with the caller's process, whatever that has become. */
int fly_hold(void);
