/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "network/net-config.h"

/* What a start says of a pod that is not in its manifest: how it is to be run on this host. Kept with the pod as
 * JSON, in the file "settings". */

typedef struct PodSettings {
        char *name;        /* machine name, see pod_name_is_valid() */
        char *hostname;    /* NULL: the name */
        char *net;         /* what was asked for: "default", "none", "host", "a,b:IP=…"; NULL: "none" */
        NetJoin *joins;    /* the networks that these are, resolved */
        size_t n_joins;
        NetDns dns;        /* for /etc/resolv.conf, before what networks say */
        char *dns_mode;    /* "host": the host's own file; "none": not even what networks say */
        bool image_etc;    /* what images have of hosts and hostname stays, and the host's name servers are not taken */
        char **hosts;      /* lines for /etc/hosts */
        bool hosts_host;   /* the host's own file */
        char *unit;        /* the unit it runs in, NULL while that is not known */
        Tristate private_users;
        char *ipc;         /* "parent": the IPC namespace is the host's */
        bool interactive;
        char *terminal;    /* $TERM of an interactive app that has none itself */
        bool sockets;      /* interactive without a terminal: through sockets in the pod's "stdio" directory */
        bool mds_register;  /* make it known to the metadata service */
        char *metadata_url; /* where its apps find that, once it is */
        char *slice;       /* of the unit, where it is ours to make; NULL: machine.slice */
        char **properties; /* further ones of that unit, see unit-property.h */
        /* Protection given up at run time: "capabilities", "paths", "seccomp". */
        char **insecure;
} PodSettings;

static inline bool pod_settings_shares_ipc(const PodSettings *s)
{
        return s->ipc && streq(s->ipc, "parent");
}

PodSettings *pod_settings_free(PodSettings *s);
DEFINE_TRIVIAL_CLEANUP_FUNC(PodSettings *, pod_settings_free);

int pod_settings_parse(const char *data, size_t n, PodSettings **ret, JsonError *e);
int pod_settings_format(const PodSettings *s, char **ret);

/* Machine names: DNS labels of letters, digits and hyphens, dots between, 64 characters at most
 * (systemd's hostname_is_valid(); machined refuses others). */
#define POD_NAME_MAX 64
bool pod_name_is_valid(const char *name);
