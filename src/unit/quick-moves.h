/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Keeps the kernel ready to move processes between control groups while a pod starts or ends. A write to cgroup.procs
 * waits for a grace period of RCU, 6 to 20 ms, unless there was such a write a few milliseconds before: until then the
 * lock that it takes (cgroup_threadgroup_rwsem) stays prepared for writers. Several such writes are needed, one after
 * the other, each too late for the one before: systemd makes one for each process that it executes for a unit, also in
 * the pod, and systemd-nspawn two. So a child process makes moves that change nothing, in between. The mount option
 * "favordynmods" (cgroups(7)) has this effect for the whole host and for good, and is the host's to decide; with it
 * this costs nothing and brings nothing.
 *
 * The child ends with its parent, and after a time that is long for what it is for. What does not work is left out. */

/* For the process that is about to become systemd-nspawn, as early as possible: until the pod's PID 1 has had the time
 * for its own moves. */
void quick_moves_begin_pod(void);

/* For a command that waits for systemd to start or stop pods; until it has. Nothing happens if it has begun already. */
void quick_moves_begin(void);
void quick_moves_end(void);
