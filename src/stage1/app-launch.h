/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Where an app's root has the launcher (app-exec.c) until it has become the app: below /run, which systemd mounts
 * afresh for each service (MountAPIVFS=). */
#define LAUNCH_DIR "/run/podctl"
#define LAUNCH_BIN LAUNCH_DIR "/bin"       /* PKGLIBDIR/launch of the host */
#define LAUNCH_FILTER LAUNCH_DIR "/filter" /* an app's own filter of system calls */

/* What PKGLIBDIR/launch holds. */
#define LAUNCH_PROGRAM "app-exec"
#define LAUNCH_DEFAULT_FILTER "default.bpf"

#ifndef LAUNCH_PLACES_ONLY
#include "stage1/app-root.h"

/* Where the pod has the filters of apps that have one of their own, below its root; NAME is the app's. */
#define LAUNCH_FILTERS "etc/podctl/filters"

/* The words before the program's own: the launcher and what it is to do. Environment variables that systemd does not
 * take are among them, and the paths that it hides and protects; none for an app whose paths are open
 * (--insecure-options=paths). Where one of the identity's binds puts something at or below such a path it is meant to
 * be seen. As root: the user is 0:0 and the directory "/", and nothing else is different. */
int app_launch_words(const PlanApp *app, const AppIdentity *identity, bool as_root, char ***ret);

/* The same for a program beside the app, which a service without a root of its own executes: it joins the app, of
 * which pid is the main process as the pod numbers it, and sees its credentials. NULL: who executes it says so, with
 * --join=PID. */
int app_join_words(const PlanApp *app, const AppIdentity *identity, bool as_root, const char *pid, char ***ret);

/* systemd takes variables whose names are a shell's; the launcher sets the others. */
bool app_launch_leaves(const char *assignment);

/* The setting that takes away those variables which systemd gives each service and the app did not ask for. */
int app_launch_unset(const PlanApp *app, char **ret);

/* What a unit has to mount for the launcher, as "SOURCE:TARGET", for BindReadOnlyPaths=. */
int app_launch_mounts(const PlanApp *app, char ***ret);

/* Writes the filter of an app, if it has one of its own, below the pod's root. */
int app_launch_write_filter(const PlanApp *app, int root_fd, char **reterr_message);
#endif
