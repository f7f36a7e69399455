/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Records of how the apps of a pod ended, which programs inside the pod write and the host reads (pod/pod-record.c): a
 * file for each app, with its exit status in the first line. Names that begin with a dot do not belong to apps. */

#define STATUS_DIR "/var/lib/podctl/status"
/* The second line: the app was asked to end, so its status is not a failure. */
#define STATUS_ASKED "asked"
/* Or: the service manager starts the app again, so the status is that of an earlier run as long as the pod runs. */
#define STATUS_RESTARTS "restarts"
/* For each app with a restart policy that was restarted, "PREFIXapp" has how often, in decimal. */
#define STATUS_RESTARTS_PREFIX ".restarts-"
/* Exists as soon as the pod is to end because of an app's failure. */
#define STATUS_FAILED ".failed"
/* Exists when the pod was ended because its time was over (podctl-deadline.service). */
#define STATUS_DEADLINE ".deadline"
/* How the pod ended: systemd's verb ("exit", "halt", "poweroff", "reboot"), then a line for each app that never
 * started. */
#define STATUS_END ".end"

/* The exit status of a pod of which an app never started, as for all failures that are not an app's own. */
#define EXIT_NEVER_STARTED 254
