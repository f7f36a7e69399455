/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Takes away the control groups that an earlier pod of the same unit has left, as one that ExecStartPre= ran: they
 * belong to that one's user IDs, and systemd-nspawn would use them as they are. Those that have processes stay. */
void payload_group_clear(void);
