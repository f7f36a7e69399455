/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Removes the control groups that an earlier pod of the same unit has left, such as one that ExecStartPre= ran: they
 * belong to that pod's user IDs, and systemd-nspawn would use them as they are. Groups with processes stay. */
void payload_group_clear(void);
