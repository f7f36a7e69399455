/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Where an app's root has the launcher (app-exec.c) until it has become the app, and what that has to know. The kernel
 * makes these directories in every /proc, so that no image and no volume can have links or files of its own there. */
#define LAUNCH_BIN "/proc/driver" /* PKGLIBDIR/launch of the host */
#define LAUNCH_FILES "/proc/fs"   /* the app's own, below LAUNCH_POD_FILES */

/* What PKGLIBDIR/launch holds. */
#define LAUNCH_PROGRAM "app-exec"
#define LAUNCH_DEFAULT_FILTER "default.bpf"

/* What an app has files of: words or variables that end with a NUL each, so that anything the kernel takes arrives
 * unchanged and nobody else reads it. */
#define LAUNCH_START "start"             /* words of the launcher, for each program that it is to become */
#define LAUNCH_PRE_START "pre-start"
#define LAUNCH_POST_STOP "post-stop"
#define LAUNCH_HEALTH "health"           /* words of app-health */
#define LAUNCH_ENVIRONMENT "environment" /* the app's variables, which all of these have */
#define LAUNCH_FILTER "filter"           /* an app's own filter of system calls */
#define LAUNCH_OUTPUT "output"           /* the socket of `podctl run`, which waits for what it writes: app-output.h */

/* Where the pod has them, in a directory for each app, and the same below its root. Only root of the pod can read
 * them. */
#define LAUNCH_POD_FILES "etc/podctl/launch"
#define LAUNCH_DIRECTORY "/" LAUNCH_POD_FILES
