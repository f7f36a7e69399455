/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Descriptors that PID 1 keeps for a service, so that they outlive its process (sd_notify(3), FDSTORE=1). A process
 * that is started in its place finds them (sd_listen_fds_with_names(3)). */

/* Instead of what has the name. */
void attach_keep(const char *name, int fd);
void attach_forget(const char *name);
/* Negative: there is none of that name. It is the caller's. */
int attach_kept(const char *name);

void attach_ready(void);
