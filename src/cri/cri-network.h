/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cli/context.h"

/* The network of sandboxes: the first one of /etc/cni/net.d, where kubelets' nodes have theirs (CNI specification,
 * "Network configuration"), or else podctl's own, unless the administrator wants none but the former. */

#define CRI_CNI_DIRECTORY "/etc/cni/net.d/"

/* -ENOENT, without a log: there is none yet in CRI_CNI_DIRECTORY, and no other will do. Logs other failures. */
int cri_network_choose(Context *c, char **ret);
