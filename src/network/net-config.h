/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "network/net-address.h"
#include "network/net-request.h"

/* Networks that pods can join. Each is a CNI network configuration: *.conf with one plugin or *.conflist with several
 * (CNI specification 1.0, and the older ones), in the directories of net_config_directories(). Two are built in,
 * "default" and "default-restricted"; a file with the same name takes precedence. Plugins of type "podctl" are part of
 * podctl itself, see network-native.c:
 *
 *     subnet            addresses of pods; when not given, one is chosen that overlaps no route
 *     subnet6           the same for IPv6; a unique local prefix when not given
 *     ipv6              false: no IPv6 addresses
 *     ipMasq            pods reach other hosts with the host's address (default: true)
 *     isDefaultGateway  pods reach more than the host and each other (default: true)
 *     isolate           pods and those of other networks do not reach each other (default: false)
 *     mtu               that of the host's default route when not given
 *     dns               contents of the pods' /etc/resolv.conf: nameservers, domain, search, options */

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
        Tristate isolate;
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
        json_object *conf;  /* always a list, even if the file has a single plugin */
} NetJoin;

extern const JsonType net_joins_type; /* NetJoin *, size_t */
void net_joins_free(NetJoin *joins, size_t n);

bool net_join_is_native(const NetJoin *j);
/* Reads the plugin's own part of the configuration. *reterr_message begins with the network's name. */
int net_join_native(const NetJoin *j, NetNative *ret, char **reterr_message);
void net_native_done(NetNative *n);

/* local is the administrator's directory, system the vendor's; NULL for /etc/podctl and /usr/lib/podctl. */
int net_config_directories(const char *local, const char *system, char ***ret);

/* A network as a file configures it. */
typedef struct NetDefinition {
        char *name;
        char *path;         /* NULL: built in */
        char **hides;       /* paths of files with networks of the same name, which do not count */
        json_object *conf;  /* always a list of plugins */
} NetDefinition;

typedef struct NetDefinitions {
        NetDefinition *items;
        size_t n;
        char **broken;      /* "PATH: what is wrong", of directories and files */
} NetDefinitions;

void net_definitions_done(NetDefinitions *d);
/* Reads all of them, in the order in which they are searched, and the built-in ones last. */
int net_config_read(char *const *directories, NetDefinitions *ret);
/* Adds the network of a pod, as it was configured when the pod was made. */
int net_definitions_add(NetDefinitions *all, const NetJoin *j);

/* Resolves all networks that the text requests, in the order of its names, with interfaces eth0, eth1, …; none for
 * "host" and "none". -ENOENT: there is no such network; the message also names files that could not be read. If all
 * networks are found, *ret_warnings names these files. */
int net_config_resolve(const char *text, char *const *directories, const char *local, NetJoin **ret, size_t *ret_n,
                       char ***ret_warnings, char **reterr_message);
