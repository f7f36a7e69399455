/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "network/net-address.h"
#include "network/net-request.h"

/* Networks that pods can join. Each is a CNI network configuration: *.conf with one plugin or *.conflist with several
 * (CNI specification 1.0, and the older ones), in the directories of net_config_directories(). Two are built in,
 * "default" and "default-restricted"; files go before them. Plugins of type "podctl" are carried out by podctl itself,
 * see net-native.h:
 *
 *     subnet            addresses of pods; chosen so that it does not collide when not given
 *     subnet6           the same for IPv6; a unique local prefix when not given
 *     ipv6              false: none of these
 *     ipMasq            pods reach the world through the host's address (true)
 *     isDefaultGateway  pods reach more than the host and each other (true)
 *     mtu               that of the host's default route when not given
 *     dns               what pods find in /etc/resolv.conf: nameservers, domain, search, options */

#define NET_NATIVE_TYPE "podctl"
#define NET_INTERFACE_MAX 15

typedef struct NetDns {
        char **nameservers;
        char *domain;
        char **search;
        char **options;
} NetDns;

extern const JsonField net_dns_table[];
static inline bool net_dns_is_empty(const NetDns *d)
{
        return !d->nameservers && !d->domain && !d->search && !d->options;
}

typedef struct NetNative {
        char *subnet_text;
        char *subnet6_text;
        NetPrefix subnet;
        NetPrefix subnet6;
        Tristate ipv6;
        Tristate masquerade;
        Tristate default_gateway;
        uint32_t mtu;
        NetDns dns;
} NetNative;

/* One network joined by a pod, resolved: nothing more is read from configuration files after this. Kept with the pod's
 * settings. */
typedef struct NetJoin {
        char *name;
        char *interface;    /* in the pod */
        char **arguments;   /* "NAME=VALUE", CNI_ARGS */
        char **plugin_path; /* directories */
        json_object *conf;  /* as a list, whatever the file was */
} NetJoin;

extern const JsonType net_joins_type; /* NetJoin *, size_t */
void net_joins_free(NetJoin *joins, size_t n);

bool net_join_is_native(const NetJoin *j);
/* The plugin's own part. *reterr_message begins with the network's name. */
int net_join_native(const NetJoin *j, NetNative *ret, char **reterr_message);
void net_native_done(NetNative *n);

/* local is the administrator's directory, system the vendor's; NULL for /etc/podctl and /usr/lib/podctl. */
int net_config_directories(const char *local, const char *system, char ***ret);

/* All that the text asks for, in the order of its names, with interfaces eth0, eth1, …; none for "host" and "none".
 * -ENOENT: there is no such network. Files that cannot be read matter only when they are asked for: others are named
 * in *ret_warnings. */
int net_config_resolve(const char *text, char *const *directories, const char *local, NetJoin **ret, size_t *ret_n,
                       char ***ret_warnings, char **reterr_message);
