/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/macro.h"

/* The host's name servers, for pods.
 *
 * One on the host's loopback (dnsmasq, unbound) is not there in a pod. Where the pod's way out is through the host, its
 * gateway answers for it: see "resolver4" in net-rules.c. That is for IPv4; and not for systemd-resolved's, which hears
 * what comes in through the loopback link alone, so that its own name servers take its place. */

/* What resolv.conf(5) of the host says now. A host without the file has none. */
int net_resolv_conf_of_host(char **ret);
/* The same, for a pod that has a network of its own and reaches the host through this gateway; NULL: it does not.
 * *ret_lost: there are name servers, and the pod reaches none of them. */
int net_resolv_conf_for_pods(const char *gateway, char **ret, bool *ret_lost);
/* The address on loopback that gateways answer for; NULL: there is none. */
int net_resolv_loopback(char **ret);

/* Pure: the same of a text. */
int net_resolv_translate(const char *text, const char *gateway, char **ret, bool *ret_lost);
int net_resolv_find_loopback(const char *text, char **ret);
