/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <json-c/json.h>

#include "pod/pod.h"

/* The networks of a pod, as list and status show them; of a pod that has ended, those it had. */

/* "default:ip4=172.16.0.7, lan:ip4=10.1.0.3" as in rkt; an IPv6 address where there is no other. */
char *pod_networks_text(const Pod *pod);
/* All addresses, with spaces between. */
char *pod_addresses_text(const Pod *pod);
json_object *pod_networks_to_json(const Pod *pod);
