/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "manifest/appc-pod.h"

/* Ports by their numbers, as docker run --publish has them:
 *
 *     [HOSTIP:]HOSTPORT[-LAST]:PORT[-LAST][/PROTOCOL]
 *
 * HOSTIP is an IPv4 address, or an IPv6 address in brackets; PROTOCOL is tcp (the default), udp or sctp. Both ranges
 * have the same length. */

/* Whether the text begins with a number or an address. rkt's form begins with the name of a port, which may consist of
 * digits, so an app's own name for a port comes first. */
bool port_is_mapping(const char *s);

/* Fills a zeroed struct, whose port of the pod is not looked for in the apps and is named as Docker's ports are,
 * "80-tcp". -EINVAL with a message. */
int pod_port_from_mapping(const char *s, PodPort *ret, JsonError *e);

/* The form of rkt's app sandbox, for ports of apps that are not there yet: NAME:PROTOCOL:PODPORT:HOSTIP:HOSTPORT. */
bool port_is_full(const char *s);
int pod_port_from_full(const char *s, PodPort *ret, JsonError *e);
