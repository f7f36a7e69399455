/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The places of the launcher (app-exec.c) and its files in an app's root, until it has become the app. The kernel makes
 * these directories in every /proc, so that no image and no volume can have links or files of its own there. */
#define LAUNCH_BIN "/proc/driver" /* PKGLIBDIR/launch of the host */
#define LAUNCH_FILES "/proc/fs"   /* the app's own, below LAUNCH_POD_FILES */

/* The files in PKGLIBDIR/launch. */
#define LAUNCH_PROGRAM "app-exec"
#define LAUNCH_DEFAULT_FILTER "default.bpf"

/* The files of an app: words or variables that end with a NUL each, so that anything that the kernel accepts arrives
 * unchanged. They are in files so that no other user can read them. */
#define LAUNCH_START "start"             /* words of the launcher, for each program that it is to become */
#define LAUNCH_PRE_START "pre-start"
#define LAUNCH_POST_STOP "post-stop"
#define LAUNCH_HEALTH "health"           /* words of app-health, for each kind of check */
#define LAUNCH_STARTUP "startup"
#define LAUNCH_READINESS "readiness"
#define LAUNCH_POST_START "post-start"   /* words of app-hook, for each kind of hook */
#define LAUNCH_PRE_STOP "pre-stop"
#define LAUNCH_ENVIRONMENT "environment" /* the app's variables, for all of these */
#define LAUNCH_FILTER "filter"           /* an app's own filter of system calls */
#define LAUNCH_OUTPUT "output"           /* the socket of `podctl run` for the app's output: app-output.h */
#define LAUNCH_ATTACH "attach"           /* the socket of the app's terminal or streams: attach-protocol.h */
#define LAUNCH_ATTACHED "attached"       /* the socket of who started the pod for them, and is connected to */
#define LAUNCH_STDIO "stdio"             /* the socket where the launcher gets them: app-stdio.h */
#define LAUNCH_JOURNAL "journal"         /* the socket of the host's journal: app-journal.h */
#define LAUNCH_LOG_FILE "log-file"       /* the socket of the app's log file: app-log-file.h */
#define LAUNCH_STATUS "status"           /* a directory: STATUS_DIR is mounted there */

/* The credentials of an app that came while the pod ran, "APP.NAME"; others are PID 1's. */
#define LAUNCH_CREDENTIALS "credentials"

/* The app's credentials once more, where documentation of images looks for them. */
#define LAUNCH_SECRETS "/run/secrets"

/* The size that the kernel takes for one variable, "NAME=VALUE" and its NUL (MAX_ARG_STRLEN, execve(2)). */
#define LAUNCH_VARIABLE_SIZE 131072

/* Where the files of an app are in the pod, in a directory for each app: below the pod's root, and as an absolute path
 * inside the pod. Only root of the pod can read them. */
#define LAUNCH_POD_FILES "etc/podctl/launch"
#define LAUNCH_DIRECTORY "/" LAUNCH_POD_FILES
