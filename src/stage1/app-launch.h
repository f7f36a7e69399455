/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "inside/launch-places.h"
#include "stage1/app-root.h"

/* What the host writes for the launcher of an app (inside/app-exec.c), below the places that both know. */

/* The path of an app's credentials in its root and in the pod's; the app's name is to be put in. */
#define CREDENTIALS_DIRECTORY "/run/credentials/%s.service"

/* The launcher and its options, including the paths that it hides and protects; there are none for an app whose paths
 * are open (--insecure-options=paths), and none at or below what one of the identity's binds puts there, since that is
 * meant to be seen. as_root: the user is 0:0 and the directory "/", and nothing else is different. */
int app_launch_words(const PlanApp *app, const AppIdentity *identity, bool as_root, char ***ret);

/* The same for a program beside the app, which a service without a root of its own executes: it joins the app, whose
 * main process has the number pid in the pod, and sees its credentials. NULL: the caller adds --join=PID. */
int app_join_words(const PlanApp *app, const AppIdentity *identity, bool as_root, const char *pid, char ***ret);

/* -EINVAL: a volume of the app is where it could not be seen, or where none may be. */
int app_launch_check_binds(const PlanApp *app, char *const *binds, char **reterr_message);

/* What a unit has to mount for the launcher, as "SOURCE:TARGET", for BindReadOnlyPaths=. */
int app_launch_mounts(const PlanApp *app, char ***ret);

/* The file systems of the kernel that a unit takes over from the pod, for BindPaths=: those in whose place there is
 * nothing of the binds. The pod has them as its apps are to see them. systemd would mount the same (MountAPIVFS=), but
 * also go through all mounts below them, one by one, twice: half of the time until the launcher starts. */
int app_launch_kernel_mounts(char *const *binds, char ***ret);

/* Makes the app's directory below the pod's root, with its environment, its filter, and how it starts. */
int app_launch_write(const PlanApp *app, const AppIdentity *identity, int root_fd, char **reterr_message);

/* Whether the launcher is to find the host's journal as LAUNCH_JOURNAL there. */
bool app_launch_wants_host_journal(const PlanApp *app);

/* Adds a file there: for a program that the launcher executes and whose output it carries, or words for another
 * program. */
int app_launch_write_command(const PlanApp *app, const AppIdentity *identity, const char *name, const char *program,
                             char *const *argv, int root_fd);
int app_launch_write_words(const PlanApp *app, const char *name, char *const *words, int root_fd);
