/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdint.h>

/* The app as the pod's systemd knows it. */

/* The app's main process; 0: there is none. */
uint32_t health_app_find(const char *app);
void health_app_restart(const char *app);
/* Ends the pod, and so this program. */
void health_app_end_pod(int status);
