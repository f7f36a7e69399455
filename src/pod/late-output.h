/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "pod/pod.h"

/* How `podctl run`, which waits for a mutable pod and prints what its apps write, gets what later apps write as well:
 * whoever adds an app makes the socket that the app's output comes on (inside/app-output.h), and hands it over. Nobody
 * waits for the other. */

/* In POD_OUTPUT_DIR: where apps are announced, and the socket of the app that is being added, until it is mounted. */
#define LATE_OUTPUT_CONTROL "control"
#define LATE_OUTPUT_SOCKET "late"

/* Adding: does nothing if nobody prints the pod's output. */
int late_output_offer(const Pod *pod, const char *app);
/* The app is in the pod, or will never be. */
void late_output_offered(const Pod *pod);
/* It has gone from there. */
void late_output_withdraw(const Pod *pod, const char *app);

/* Printing: directory is POD_OUTPUT_DIR. Returns a descriptor that does not block. */
int late_output_listen(int directory);
/* *ret_socket is what the app's output comes on; negative: the app has gone. -EAGAIN: there is no more for now. */
int late_output_receive(int control, char **ret_app, int *ret_socket);
