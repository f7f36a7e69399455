/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "shared/json-table.h"

/* Ports of the host for a file of Kubernetes that does not have them: what podman's kube play --publish says beside the
 * file is written into a copy of it, as hostPort of a container's port, of the first container if none has that port.
 * ports: as podman has them (manifest/port-mapping.h). The copy says the same otherwise, without comments. -EINVAL,
 * with a message: a mapping is none, or there is no pod in the file. */
int kube_publish(const char *text, size_t n, char *const *ports, char **ret, JsonError *e);
