/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "manifest/pod-name.h"
#include "network/net-config.h"

/* How a pod is to be run on this host: the options of its start that are not in its manifest. Kept with the pod as
 * JSON, in the file "settings". */

typedef struct PodSettings {
        char *name;        /* machine name, see pod_name_is_valid() */
        char *hostname;    /* NULL: the name */
        char *net;         /* as the user gave it: "default", "none", "host", "a,b:IP=…"; NULL: "none" */
        NetJoin *joins;    /* the same networks, resolved */
        size_t n_joins;
        char **net_aliases; /* further names of the pod in its networks */
        NetDns dns;        /* for /etc/resolv.conf, instead of the networks' own */
        char *dns_mode;    /* "host": the host's own file; "none": not even the networks' name servers */
        bool image_etc;    /* hosts and hostname of images stay, and the host's name servers are not used */
        char **hosts;      /* lines for /etc/hosts */
        bool hosts_host;   /* the host's own file */
        char *unit;        /* the unit it runs in, NULL while that is not known */
        char *stage1;      /* the engine (engine.h); NULL: nspawn */
        Tristate private_users;
        char *ipc;         /* "parent": the IPC namespace is the host's */
        bool interactive;
        char *terminal;    /* $TERM for an interactive app that does not set it itself */
        bool attached;     /* and somebody waits for it, to be attached (inside/attach-protocol.h) */
        bool sockets;      /* without a terminal: to streams */
        char *log;          /* which journals have its output (plan-journal.h); NULL: both */
        bool mds_register;  /* register the pod with the metadata service */
        char *metadata_url; /* the URL of the service for its apps, once the pod is registered */
        char *slice;       /* of the unit, where podctl makes it; NULL: machine.slice */
        char **properties; /* further properties of that unit, see unit-property.h */
        /* Protections disabled at run time: "capabilities", "paths", "seccomp". */
        char **insecure;
} PodSettings;

static inline bool pod_settings_shares_ipc(const PodSettings *s)
{
        return s->ipc && streq(s->ipc, "parent");
}

PodSettings *pod_settings_free(PodSettings *s);
DEFINE_TRIVIAL_CLEANUP_FUNC(PodSettings *, pod_settings_free);

bool pod_settings_have_unit(const PodSettings *s, const char *unit);

int pod_settings_parse(const char *data, size_t n, PodSettings **ret, JsonError *e);
int pod_settings_format(const PodSettings *s, char **ret);
