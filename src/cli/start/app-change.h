/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cli/context.h"

/* Apps of a mutable pod that runs: how they come, start, stop and go. All of these log. */

/* Finds the pod, waits until no other process changes it, and removes what a change that was cut off has left in it. */
typedef struct AppChange {
        Context *context;
        Pod *pod;
        int lock;
        sd_bus *bus; /* of the pod's systemd; opened when it is needed */
        bool any_program; /* an app is added also when its image has no such program, and fails when it is started */
} AppChange;

#define APP_CHANGE_NONE { .lock = -EBADF }

int app_change_begin(Context *c, const char *pod, AppChange *ret);
void app_change_done(AppChange *a);

/* Carries out what the manifest has by now: its last app is new. Its image is one that the caller has found, or
 * NULL. */
int app_change_add(AppChange *a, const Image *image);
int app_change_start(AppChange *a, const char *app);
/* Succeeds for an app that does not run. */
int app_change_stop(AppChange *a, const char *app);
/* Logs which other app needs it. -EBUSY: one does. A kubelet does not ask: what needs the other ends with it. */
int app_change_check_unneeded(const AppChange *a, const char *app);
/* Stops it before. */
int app_change_remove(AppChange *a, const char *app);
