/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "foreign/draft/finding.h"
#include "manifest/appc-pod.h"

/* A pod of podctl as a Pod of Kubernetes, for podman kube play and Kubernetes: the way back of kube-pod.h. */

/* Returns documents, an array: the claims of its named volumes, and the Pod. Notes what that cannot say. Pure. */
int kube_generate(const AppcPod *pod, const char *name, Findings *findings, json_object **ret);

/* Whether it is known what becomes of an annotation. */
bool kube_generate_knows(const char *annotation);
