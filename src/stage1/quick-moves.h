/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Keeps the kernel ready to move processes between control groups while a pod starts. A write to cgroup.procs waits
 * for a grace period of RCU, 6 to 20 ms, unless there was such a write a few milliseconds before: until then the lock
 * that it takes (cgroup_threadgroup_rwsem) stays prepared for writers. systemd-nspawn and the pod's PID 1 need three
 * moves, one after the other, each too late for the one before. So a child process makes moves that change nothing,
 * in between, until the pod's PID 1 has had the time for its own. The mount option "favordynmods" (cgroups(7)) has
 * this effect for the whole host and for good, and is the host's to decide; with it this costs nothing and brings
 * nothing. */

/* For the process that is about to become systemd-nspawn, as early as possible. What does not work is left out. */
void quick_moves_begin(void);
