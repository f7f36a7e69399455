/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <linux/filter.h>

#include "inside/launch-options.h"

/* What the launcher gives up on its way to the app, in the order of these functions. Each dies when it cannot. */

#define FILTER_MAX 4096 /* BPF_MAXINSNS of the kernel */

/* A filter of system calls that was compiled before. */
typedef struct AppFilter {
        struct sock_filter program[FILTER_MAX];
        unsigned short n_program;
} AppFilter;

/* While the file is still there. NULL: none is wanted. */
void app_filter_read(AppFilter *f, const char *path);

/* Labels of AppArmor and SELinux that the program gets when it is executed. */
void app_set_labels(const LaunchOptions *l);
/* The bounding set while we still may, the user with the capabilities kept that loading a filter takes. */
void app_become_user(const LaunchOptions *l);
/* Late, since they are the app's: what has to be done before it must not fail for them. */
void app_set_limits(const LaunchOptions *l);
/* Last of all, so that the filter need not let pass what is done here. */
void app_filter_load(const AppFilter *f, bool no_new_privileges);
