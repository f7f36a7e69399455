/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/uuid.h"
#include "foreign/kube/kube-pod.h"

/* Files in POD_FILES_DIRECTORY. */

/* Encrypted ones are decrypted. On failure nothing is left; if that is why, there is a message. */
int pod_files_write(const Uuid *uuid, const KubeFile *files, size_t n, char **reterr_message);
/* Also if there are none. */
void pod_files_remove(const Uuid *uuid);
