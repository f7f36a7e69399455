/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "network/net-state.h"

/* Plugins of the Container Network Interface: programs that get JSON on standard input and CNI_* variables in their
 * environment, and answer on standard output (CNI specification 1.0, "Section 2"; older versions differ only in the
 * form of results). */

typedef struct CniPod {
        const char *uuid;
        const char *netns;    /* path; NULL when it is gone */
        bool stand_in;        /* netns takes the place of the pod's, which is gone: for plugins that masquerade */
        int host_ns;          /* namespace in which the plugins run; negative: the current one */
        const NetPort *ports; /* for plugins with the capability "portMappings" */
        size_t n_ports;
} CniPod;

/* Runs all plugins of the join's configuration, and stores the result, with the addresses, gateways and DNS settings
 * from it, in the join. *reterr_message names the network and the plugin, and quotes the plugin's message. */
int cni_add(const CniPod *pod, NetStateJoin *j, char **reterr_message);
/* Runs the plugins in reverse order; continues after errors and returns the first one. */
int cni_delete(const CniPod *pod, const NetStateJoin *j, char **reterr_message);
/* 0: no plugin found an error. CNI_NOT_CHECKED: the configuration is older than 0.4.0, or disables the check. */
#define CNI_NOT_CHECKED 1
int cni_check(const CniPod *pod, const NetStateJoin *j, char **reterr_message);

/* Whether a plugin masquerades (ipMasq). To delete its rules on the host, such a plugin looks up the addresses of the
 * interface in the pod's namespace; without a namespace it leaves the rules behind. Other plugins must not get a
 * namespace that is not the pod's: they might move the interface back to its origin. */
bool cni_masquerades(json_object *conf);
/* Whether a plugin forwards ports itself. */
bool cni_forwards_ports(json_object *conf);

/* Pure: reads a result of any version into the join. */
int cni_result_read(json_object *result, NetStateJoin *j);
/* Pure: makes the JSON that a plugin gets on standard input. */
int cni_input(const CniPod *pod, json_object *conf, size_t plugin, json_object *previous, json_object **ret);
