/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "inside/launch-options.h"

/* Moves this process to the app of --join=: into its control group, whose limits apply and with which this process
 * ends, into its mount namespace, and into its PID namespace, if it has one of its own (app-pids.h): then it goes on as
 * app_follow() says. All other namespaces are the pod's. Everything is looked up through one directory of /proc, which
 * stands for the app's process alone, even if its number is used again later. */
void app_join(LaunchOptions *l);
