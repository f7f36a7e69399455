/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <json-c/json.h>

#include "network/net-port.h"
#include "pod/pod.h"

/* The ports of the host that lead into a pod while it runs. None in the networks "host" and "none", or when the pod
 * cannot be read. The caller frees them with net_ports_free(). */
int pod_ports(const Pod *pod, NetPort **ret, size_t *ret_n);

/* "8080->80/tcp, 127.0.0.1:5000-5001->6000-6001/udp" */
char *pod_ports_text(const Pod *pod);
/* Objects with name, protocol, host_ip (empty: all addresses), host_port, port and count. */
json_object *pod_ports_to_json(const Pod *pod);
