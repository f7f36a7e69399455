/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "foreign/quadlet/quadlet-step.h"

/* The keys of podman-systemd.unit(5), each with its way into a pod of podctl: one table for the conversion, for
 * --check and for podctl-from-podman(7). It ends with an empty row. */

extern const QuadletRow quadlet_rows[];

const QuadletRow *quadlet_row_find(const char *section, const char *key);

/* Why the processes of the host, --pid=host of podman, are not to be had. */
#define QUADLET_OF_THE_HOST "apps see the pod's processes at most; that of podctl create --stage1=fly sees the host's"
