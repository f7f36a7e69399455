/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <linux/filter.h>

#include "inside/launch-options.h"

/* The privileges that the launcher gives up before it becomes the app, in the order of these functions. Each function
 * dies if it fails. */

#define FILTER_MAX 4096 /* BPF_MAXINSNS of the kernel */

/* A system call filter that was compiled before. */
typedef struct AppFilter {
        struct sock_filter program[FILTER_MAX];
        unsigned short n_program;
} AppFilter;

/* Called while the file is still there. NULL: no filter. */
void app_filter_read(AppFilter *f, const char *path);

/* Sets the labels of AppArmor and SELinux that the program gets when it is executed. */
void app_set_labels(const LaunchOptions *l);
/* Reduces the bounding set while that is still permitted, then changes the user, and keeps the capabilities that are
 * needed to load a filter. */
void app_become_user(const LaunchOptions *l);
/* Called late, since the limits are the app's: the steps before it must not fail because of them. */
void app_set_limits(const LaunchOptions *l);
/* Called last, so that the filter need not allow the launcher's own system calls. */
void app_filter_load(const AppFilter *f, bool no_new_privileges);
