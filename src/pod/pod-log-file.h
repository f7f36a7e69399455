/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "pod/pod.h"

/* Log files of apps on the host, from the annotation podctl/log-file of each. A service of the host writes each of them
 * (logs/podctl-log-file.c), which has started before the app and ends when the app has left the pod. */

/* What is wrong with an app's annotation, or NULL. */
char *pod_log_file_mistake(const AppcPodApp *app);
/* NULL: the app has none. */
const char *pod_log_file_path(const AppcPodApp *app);
bool pod_has_log_files(const AppcPod *manifest);

/* The socket for the app's output, on the host. */
char *pod_log_file_socket(const char *uuid, const char *app);

/* Of the apps that have one. The files can be written by then; an error's message names the app and the file. */
int pod_log_files_start(const Uuid *pod, const AppcPodApp *apps, size_t n_apps, char **reterr_message);

/* After the file was renamed: what the app writes from now on is in another one at its path, also between two starts of
 * the app. -ESRCH: the pod has no such app with a log file, or does not run. -ECONNREFUSED: the service has ended.
 * -ETIMEDOUT: it waits for a write to the file. Other errors are those of opening the file, as -ENOENT without its
 * directory, and the one before is written further. */
int pod_log_file_reopen(const Uuid *pod, const char *app);

/* What the app has written until now is in its file; later output is lost. Nothing happens if there is none. */
void pod_log_file_end(const Uuid *pod, const char *app);
void pod_log_files_end(const Uuid *pod);
