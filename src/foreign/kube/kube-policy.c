/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/string-util.h"
#include "foreign/kube/kube-policy.h"

const char *const kube_pull_policies[KUBE_PULL_POLICIES][2] = { { "Never", "never" },
                                                                { "IfNotPresent", "new" },
                                                                { "Always", "update" } };

const char *kube_pull_policy(const char *word)
{
        for (size_t i = 0; word && i < KUBE_PULL_POLICIES; i++)
                if (streq(kube_pull_policies[i][1], word))
                        return kube_pull_policies[i][0];
        return NULL;
}
