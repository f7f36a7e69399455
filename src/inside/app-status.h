/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Records of how the apps of a pod ended, which programs inside the pod write and the host reads (pod/pod-record.c): a
 * file for each app, with its exit status in the first line. Names that begin with a dot do not belong to apps. */

#define STATUS_DIR "/var/lib/podctl/status"
/* The second line: the app was asked to end, so its status is not a failure. */
#define STATUS_ASKED "asked"
/* Or: the service manager starts the app again, so the status is that of an earlier run as long as the pod runs. */
#define STATUS_RESTARTS "restarts"
/* The third line, which older records do not have: the kernel ended the app, since it was out of memory. */
#define STATUS_OUT_OF_MEMORY "out-of-memory"
/* For each app with a restart policy that was restarted, "PREFIXapp" has how often, in decimal. */
#define STATUS_RESTARTS_PREFIX ".restarts-"
/* For each app with a restart policy, "PREFIXapp" exists from the start of a run until its end is recorded. */
#define STATUS_RUN_PREFIX ".run-"
/* For each app that says itself when it is ready, "PREFIXapp" begins with this once it has. */
#define STATUS_READY_PREFIX ".ready-"
#define STATUS_IS_READY '1'
/* Exists as soon as the pod is to end because of an app's failure. */
#define STATUS_FAILED ".failed"
/* Exists when the pod was ended because its time was over (podctl-deadline.service). */
#define STATUS_DEADLINE ".deadline"
/* "PREFIXapp" is room on the disk, made before the app starts, so that its end is recorded on a full disk as well: the
 * record is written there, and takes its own name then. */
#define STATUS_ROOM_PREFIX ".room-"
#define STATUS_ROOM_SIZE 64
/* "PREFIXapp" has one line: why the app's launcher could not start it. Empty when it did, and while it tries: then
 * there is a lock (flock(2)) on the file, first of whoever has it started, then its own. */
#define STATUS_REASON_PREFIX ".reason-"
/* How the pod ended: systemd's verb ("exit", "halt", "poweroff", "reboot"), then a line for each app that never
 * started. */
#define STATUS_END ".end"

/* The exit status of a pod of which an app never started, as for all failures that are not an app's own. */
#define EXIT_NEVER_STARTED 254
