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
#define LAUNCH_OUTPUT "output"           /* the socket of who waits for what it writes, see app-output.h */

/* Where the pod has them, in a directory for each app, and the same below its root. Only root of the pod can read
 * them. */
#define LAUNCH_POD_FILES "etc/podctl/launch"
#define LAUNCH_DIRECTORY "/" LAUNCH_POD_FILES

#ifndef LAUNCH_PLACES_ONLY
#include "stage1/app-root.h"

/* The path of an app's credentials in its root and in the pod's; its name is to be put in. */
#define CREDENTIALS_DIRECTORY "/run/credentials/%s.service"

/* The launcher and its options. The paths that it hides and protects are among them; none for an app whose paths are
 * open (--insecure-options=paths). Where one of the identity's binds puts something at or above such a path it is
 * meant to be seen. As root: the user is 0:0 and the directory "/", and nothing else is different. */
int app_launch_words(const PlanApp *app, const AppIdentity *identity, bool as_root, char ***ret);

/* The same for a program beside the app, which a service without a root of its own executes: it joins the app, of
 * which pid is the main process as the pod numbers it, and sees its credentials. NULL: who executes it says so, with
 * --join=PID. */
int app_join_words(const PlanApp *app, const AppIdentity *identity, bool as_root, const char *pid, char ***ret);

/* -EINVAL: a volume of the app is where it could not be seen, or where none may be. */
int app_launch_check_binds(const PlanApp *app, char *const *binds, char **reterr_message);

/* What a unit has to mount for the launcher, as "SOURCE:TARGET", for BindReadOnlyPaths=. */
int app_launch_mounts(const PlanApp *app, char ***ret);

/* Makes the app's directory below the pod's root, with its environment, its filter, and how it starts. */
int app_launch_write(const PlanApp *app, const AppIdentity *identity, int root_fd, char **reterr_message);

/* One file more there: a program that the launcher is to become and whose output it carries, or words for somebody
 * else. */
int app_launch_write_command(const PlanApp *app, const AppIdentity *identity, const char *name, const char *program,
                             char *const *argv, int root_fd);
int app_launch_write_words(const PlanApp *app, const char *name, char *const *words, int root_fd);
#endif
