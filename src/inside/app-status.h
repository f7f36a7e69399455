/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the programs inside a pod write of how its apps ended, and the host reads (pod/pod-record.c): a file for each
 * app, its exit status in the first line. Names that begin with a dot are not of apps. */

#define STATUS_DIR "/var/lib/podctl/status"
/* The second line: it was told to end, so that whatever status it has is no failure. */
#define STATUS_ASKED "asked"
/* Or: the service manager starts it once more, so that the status is of a run before as long as the pod runs. */
#define STATUS_RESTARTS "restarts"
/* There from the moment on when the pod is to end with an app's failure. */
#define STATUS_FAILED ".failed"
/* How the pod ended: systemd's verb ("exit", "halt", "poweroff", "reboot"), then a line for each app that never
 * started. */
#define STATUS_END ".end"

/* What a pod ends with of which an app never started: as for all failures that are not an app's own. */
#define EXIT_NEVER_STARTED 254
