/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "network/net-state.h"

/* Plugins of the Container Network Interface: programs that are given JSON on standard input and CNI_* in their
 * environment, and answer on standard output (CNI specification 1.0, "Section 2"; the older versions differ in the
 * form of results only). */

typedef struct CniPod {
        const char *uuid;
        const char *netns;    /* path; NULL when it is gone */
        bool stand_in;        /* it is one in place of the pod's, which is gone: for plugins that masquerade */
        int host_ns;          /* namespace for the plugins to run in; negative: ours */
        const NetPort *ports; /* for plugins with the capability "portMappings" */
        size_t n_ports;
} CniPod;

/* Runs all plugins of the join's configuration; result and what follows from it (addresses, gateways, dns) land in it.
 * *reterr_message names network and plugin, and has the plugin's own words. */
int cni_add(const CniPod *pod, NetStateJoin *j, char **reterr_message);
/* In reverse order; goes on after errors, returns the first. */
int cni_delete(const CniPod *pod, const NetStateJoin *j, char **reterr_message);
/* 0: in order. CNI_NOT_CHECKED: the configuration is older than 0.4.0, or does not want it. */
#define CNI_NOT_CHECKED 1
int cni_check(const CniPod *pod, const NetStateJoin *j, char **reterr_message);

/* Whether a plugin masquerades (ipMasq). What that takes from the host, it finds in the pod's namespace by the
 * addresses on the interface, and leaves it where there is no namespace any more. Others had better not see one that is
 * not the pod's: they might bring the interface back to where they got it from. */
bool cni_masquerades(json_object *conf);
/* Whether a plugin sees to forwarded ports itself. */
bool cni_forwards_ports(json_object *conf);

/* Pure: what a result says, of any version. */
int cni_result_read(json_object *result, NetStateJoin *j);
/* Pure: what a plugin is given on standard input. */
int cni_input(const CniPod *pod, json_object *conf, size_t plugin, json_object *previous, json_object **ret);
