/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/uuid.h"
#include "foreign/kube/kube-pod.h"

/* Files that a pod's description contains, ConfigMaps and Secrets: they exist from the making of a pod to its end, in
 * memory, and only root of the host reaches them there. */
#define POD_FILES_DIRECTORY "/run/podctl/files"

/* On failure nothing is left. */
int pod_files_write(const Uuid *uuid, const KubeFile *files, size_t n);
/* Also if there are none. */
void pod_files_remove(const Uuid *uuid);
