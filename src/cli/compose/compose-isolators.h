/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "manifest/app-options.h"
#include "manifest/app.h"
#include "manifest/appc-pod.h"

/* Whether --seccomp= names the file of a profile, and not system calls. */
bool seccomp_is_file(const char *option);

/* Applies --memory=, --cpu=, --caps-retain=, --seccomp=, --rlimit= and the like, in place of the image's isolators of
 * the same kind. Logs. */
int compose_isolators(const AppOptions *said, App *app);

/* --sysctl=NAME=VALUE, the pod's isolator. Logs. */
int compose_sysctls(char *const *said, AppcPod *pod);
