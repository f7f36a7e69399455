/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* When images are fetched: imagePullPolicy, and podctl/pull-policy for it, from the least that is asked to the most. */
#define KUBE_PULL_POLICIES 3
extern const char *const kube_pull_policies[KUBE_PULL_POLICIES][2];

/* Kubernetes' word for one of podctl's; NULL: it has none. */
const char *kube_pull_policy(const char *word);
