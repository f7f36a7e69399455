/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cli/compose/run-args.h"
#include "manifest/appc-pod.h"
#include "pod/pod-settings.h"

/* Adds the options --net…, --dns… and --hosts-entry, or else the manifest's annotations of the same names ("podctl/net"
 * and so on), to a pod's settings. Reads the configuration of networks. Logs. */
int run_network_settings(Context *c, const RunArgs *args, const AppcPod *manifest, PodSettings *settings);

/* Whether the words of --dns…, --hosts-entry and --net-alias make sense, wherever they will be used. Logs. */
int run_network_check_names(Context *c, const char *net);
int run_network_check_words(const RunArgs *args);

/* Whether --port= makes sense in that network, if it was asked for; ports with a socket of the service manager do not
 * need one. Apps are complete. Logs. */
int run_network_check_ports(bool asked, const AppcPod *manifest, const char *net);
