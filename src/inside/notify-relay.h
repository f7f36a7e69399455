/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Stands between an app that says itself when it is ready (sd_notify(3)) and PID 1 of its pod. PID 1 believes whoever
 * is root of the pod, which apps may be: it would take any process for the app's main one, and then send signals to it.
 * So an app has a socket of its own at the place of PID 1's, and a process of ours, "podctl-notify", passes on what
 * concerns the app alone. It is no child of the app, and in no PID namespace of it. */

#define NOTIFY_RELAY_TITLE "podctl-notify"

/* Replaces the socket at path and starts that process; all signals have to be blocked. names_main: the app may name
 * another process of its unit as the main one; without it, such lines are left out, since the PIDs of the app are not
 * those of PID 1. record: a file whose first byte becomes STATUS_IS_READY (app-status.h) once the app has said that it
 * is ready; negative: there is none. Returns where notify_relay_follow() sends, negative: there is no socket. Dies if
 * it fails. */
int notify_relay_start(const char *path, bool names_main, int record, int argc, char *argv[]);
/* The process ends when the app has: app is its PID descriptor. Without this call, it ends when relay is closed. */
void notify_relay_follow(int relay, int app);

/* What PID 1 may read of a message, written to ret, which is as large as the message. Returns its length. Pure. */
size_t notify_relay_filter(const char *message, bool names_main, char *ret);
