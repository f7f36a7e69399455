/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "network/net-hold.h"
#include "network/net-pod.h"

/* A pod's networks, made by the process that is about to become the pod and taken down by the process that clears away
 * after it. The namespace has no name: it is held by the pod's processes, and the kernel drops it, with the links in
 * it, when the last of them is gone. Addresses and ports are held by locks that these processes inherit. What else
 * there is outside the pod (rules, names, what CNI plugins made) follows from the file "network" of its directory. */

/* Leaves this process in the pod's network namespace. On failure it is in its own again, and nothing is left.
 * *reterr_message names network, plugin, or the pod that has the address or port. */
int network_attach(const NetPod *pod, NetHold *hold, char **reterr_message);

/* Takes down what is left outside a pod that is gone; may be repeated. final: links too, should the kernel not have
 * dropped them because somebody is still in the namespace. Goes on after errors; returns the first. 1: it was the last
 * one, and it is time for the next function. */
int network_detach(int pod_fd, const char *uuid, bool final, char **reterr_message);
/* Removes the table of rules, unless a pod uses it. By itself since it is slow, 5 to 15 ms of waiting for the kernel,
 * and nobody else has to wait for it. */
int network_remove_idle(char **reterr_message);
/* Makes the table of rules again for all pods that run, in place of what is left of it, and has the host route again.
 * Connections that there are go on. What CNI plugins made is theirs. */
int network_reload(char **reterr_message);
/* Whether all is there that should be, and what CNI plugins say of theirs (CHECK). netns is a path. */
int network_check(int pod_fd, const char *uuid, const char *netns, char **reterr_message);
