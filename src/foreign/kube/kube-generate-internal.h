/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "foreign/kube/kube-generate.h"
#include "foreign/kube/kube-types.h"

typedef struct KubeGenerate {
        const AppcPod *pod;
        KubePodObject *object; /* what is made; it owns all that is in there */
        Findings *findings;
        char **claims; /* names of named volumes */
} KubeGenerate;

int kube_generate_note(KubeGenerate *g, FindingState state, const char *app, const char *format, ...) _printf_(4, 5);
#define kube_generate_lose(g, app, ...) kube_generate_note(g, FINDING_LOST, app, __VA_ARGS__)

/* kube-generate-names.c: the object's name and the pod's host name, made valid, and labels or annotations, as far as
 * they are. What is changed or left out is noted. */
int kube_generate_name(KubeGenerate *g, const char *name);
int kube_generate_hostname(KubeGenerate *g, const char *name);
/* A name that others have for a host or a domain: in small letters; *ret stays NULL if Kubernetes does not take it. */
int kube_generate_domain(const char *name, char **ret);
/* A container's or a volume's: no longer than Kubernetes takes, and another for each. */
int kube_generate_label(KubeGenerate *g, const char *what, const char *name, char **ret);
int kube_generate_pairs(KubeGenerate *g, const char *what, char *const *pairs, bool of_labels, char ***to);
/* kube-generate-container.c: all of an app but its volumes. */
int kube_generate_container(KubeGenerate *g, const AppcPodApp *app, KubeContainer *c);
/* kube-generate-lost.c: what has no member, of an app, and annotations of the pod or of an app. */
int kube_generate_lost(KubeGenerate *g, const AppcPodApp *app);
int kube_generate_lost_annotations(KubeGenerate *g, const char *app, char *const *all);
/* kube-generate-security.c */
int kube_generate_security(KubeGenerate *g, const AppcPodApp *app, KubeContainer *c);
/* All containers are in fsGroup as it is. */
void kube_generate_drop_group(KubeSecurity *s);
/* One that says nothing is not there. */
void kube_generate_drop_empty(KubeSecurity **s);
/* kube-generate-volumes.c: mounts of an app, and the volumes that they need. */
int kube_generate_mounts(KubeGenerate *g, const AppcPodApp *app, KubeContainer *c);
