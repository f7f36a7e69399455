/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/macro.h"

/* The host's name servers, for pods.
 *
 * A pod cannot reach a name server on the host's loopback (dnsmasq, unbound). If the pod's traffic goes through the
 * host, its gateway answers instead: see "resolver4" in net-rules.c. This is for IPv4 only, and not for
 * systemd-resolved, which accepts only packets from the loopback link: the name servers that it uses take its place. */

/* The current text of the host's resolv.conf(5); "" if there is no such file. */
int net_resolv_conf_of_host(char **ret);
/* The same, for a pod that has a network of its own and reaches the host through this gateway; NULL: it does not reach
 * the host. *ret_lost: there are name servers, but the pod reaches none of them. */
int net_resolv_conf_for_pods(const char *gateway, char **ret, bool *ret_lost);
/* The loopback address for which gateways answer; NULL: there is none. */
int net_resolv_loopback(char **ret);

/* Pure: the same for a text. */
int net_resolv_translate(const char *text, const char *gateway, char **ret, bool *ret_lost);
int net_resolv_find_loopback(const char *text, char **ret);
