/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <json-c/json.h>

/* What Kubernetes itself asks of a Pod when it is applied (validation of core/v1), as far as podctl writes such
 * members. Returns what is broken as "PATH: RULE" lines, "" if nothing is; to be freed. */
char *kube_rules_broken(json_object *pod);
