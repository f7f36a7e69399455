/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "foreign/yaml-json.h"

/* What is in a file and is not carried over. Refused: without it something else, or something less confined, would
 * run. Otherwise it is a warning. */
typedef struct KubeFinding {
        size_t line;
        bool refused;
        char *text;             /* "spec.containers[0].tty: …" */
} KubeFinding;

typedef struct KubeFindings {
        KubeFinding *items;
        size_t n, allocated;
} KubeFindings;

void kube_findings_done(KubeFindings *f);
int kube_findings_add(KubeFindings *f, size_t line, bool refused, const char *format, ...) _printf_(4, 5);
bool kube_findings_refuse(const KubeFindings *f);

typedef enum KubePart {
        KUBE_POD_SPEC,
        KUBE_METADATA,
        KUBE_WORKLOAD,
        KUBE_CONFIG,
        _KUBE_PART_MAX,
} KubePart;

/* Takes the known members that are not carried over out of an object of a document, and notes them; path is where the
 * object is. What is left either has a row in kube-types.c or is not Kubernetes'. */
int kube_rules_apply(KubeFindings *f, KubePart part, YamlDocument document, const char *path, json_object *o);
