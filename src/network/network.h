/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "network/net-hold.h"
#include "network/net-pod.h"

/* A pod's networks, set up by the process that is about to become the pod and taken down by the process that cleans up
 * after it. The namespace has no name: the pod's processes hold it, and the kernel drops it, with the links in it, when
 * the last of them is gone. Addresses and ports are held by locks that these processes inherit. Everything else outside
 * the pod (rules, names, the work of CNI plugins) can be found from the file "network" of its directory. */

/* Leaves this process in the pod's network namespace. On failure the process is back in its own, and nothing is left
 * behind. *reterr_message names the network, the plugin, or the pod that has the address or port. */
int network_attach(const NetPod *pod, NetHold *hold, char **reterr_message);

/* Takes down everything that is left outside a pod that is gone; may be repeated. final: also removes links, which the
 * kernel keeps while a process is still in the namespace. Continues after errors and returns the first one. 1: no pod
 * uses the table any more, so network_remove_idle() should follow. */
int network_detach(int pod_fd, const char *uuid, bool final, char **reterr_message);
/* Removes the table of rules, unless a pod uses it. This is separate because it waits 5 to 15 ms for the kernel, and
 * callers can do it last. */
int network_remove_idle(char **reterr_message);
/* Makes the table of rules again for all running pods, in place of what is left of it, and makes the host forward
 * again. Existing connections continue. Rules that CNI plugins made are left to the plugins. 1: done; 0: no pod needs
 * the table. */
int network_reload(char **reterr_message);
/* 1: running pods need the table, and it is gone; 0: it is there, or not needed. */
int network_rules_missing(char **reterr_message);
/* The name "APP.POD" of an app that comes while the pod runs, or goes. */
int network_app_comes(int pod_fd, const char *pod, const char *app);
int network_app_goes(int pod_fd, const char *pod, const char *app);
/* The subnet that a native network has on this host; -ENOENT: no pod is in it. */
int network_subnet(const char *name, NetSubnet *ret);
/* Checks that the links of native networks exist, and has CNI plugins check their own (CHECK). netns is a path. */
int network_check(int pod_fd, const char *uuid, const char *netns, char **reterr_message);
