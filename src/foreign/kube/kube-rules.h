/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "foreign/draft/finding.h"
#include "foreign/yaml/yaml-json.h"

typedef enum KubePart {
        KUBE_POD_SPEC,
        KUBE_METADATA,
        KUBE_WORKLOAD,
        KUBE_CRON,
        KUBE_CONFIG,
        KUBE_CLAIM,
        _KUBE_PART_MAX,
} KubePart;

/* Takes the known members that are not carried over out of an object of a document, and notes them; path is where the
 * object is. What is left either has a row in kube-types.c or is not Kubernetes'. */
int kube_rules_apply(Findings *f, KubePart part, YamlDocument document, const char *path, json_object *o);
