/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Enters the PID namespace of another app of the pod, whose unit this is, for children. Dies if that app does not run,
 * or has no namespace of its own. */
void pids_of_enter(const char *unit);
