/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "shared/json-table.h"

/* The networks that --net= requests: "default", "none", "host", "all", or names with arguments, "a,b:IP=10.1.0.7;K=V"
 * (rkt, Documentation/networking/overview.md). */

typedef struct NetRequest {
        char *name;
        char **arguments; /* "NAME=VALUE" */
} NetRequest;

typedef struct NetRequests {
        NetRequest *items;
        size_t n;
} NetRequests;

void net_requests_done(NetRequests *r);
/* Empty text is "default". -EINVAL with a message. */
int net_requests_parse(const char *text, NetRequests *ret, char **reterr_message);

/* Modes that are not networks. */
static inline bool net_is_host(const char *net)
{
        return net && streq(net, "host");
}
static inline bool net_is_none(const char *net)
{
        return net && streq(net, "none");
}
