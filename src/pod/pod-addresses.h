/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "pod/pod-plan.h"
#include "pod/pod.h"

/* Addresses of a pod and its host in variables of its apps (AppcPodApp.address_variables). They are known once the pod
 * has joined its networks. */

/* Whether an app asks for one. */
bool pod_addresses_are_wanted(const PodPlan *plan);

/* The addresses from which this host reaches others, the IPv4 one first; empty when it has no route to the outside.
 * Called in the host's network namespace. */
int pod_addresses_of_host(char ***ret);

/* Sets the variables, in the environment of the apps and as PlanApp.addresses. A host without a route to the outside
 * has the address that the pod's network gives it, or is 127.0.0.1 if that is the host's own. -EADDRNOTAVAIL with a
 * message: there is no such address. */
int pod_addresses_set(const Pod *pod, PodPlan *plan, char *const *host, char **reterr_message);

/* A word in which "$(NAME)" is the value of one of these variables. Other references stay. */
int pod_addresses_expand(char *const *addresses, const char *word, char **ret);
