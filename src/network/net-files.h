/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "network/net-config.h"

/* Texts of /etc/resolv.conf and /etc/hosts in apps (as rkt made them: its Documentation/networking/dns.md). */

/* search, nameservers, options, domain, in this order. */
int net_resolv_conf_format(const NetDns *dns, char **ret);
/* Makes the default /etc/hosts, followed by the entries, lines "IP NAME…". */
int net_hosts_format(const char *hostname, char *const *entries, char **ret);

/* --hosts-entry=IP=NAME[,IP=NAME…] as lines. -EINVAL with a message. */
int net_hosts_entry_parse(const char *text, char ***ret_lines, char **reterr_message);

/* The entries with the host's address in place of APPC_HOST_GATEWAY. host: NULL if there is none, which is
 * -EADDRNOTAVAIL with a message where it is needed. */
int net_hosts_settle(char *const *entries, const char *host, char ***ret, char **reterr_message);
/* Checks that name servers are addresses, and that the other words are valid in resolv.conf(5). -EINVAL with a
 * message. */
int net_dns_check(const NetDns *dns, char **reterr_message);
