/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cli/compose/run-args.h"
#include "cri/cri-record.h"
#include "grpc/grpc-message.h"

/* What a sandbox is as a pod: a mutable one without apps. Pure. */

typedef struct CriSandboxPlan {
        RunArgs args;             /* its texts are the plan's */
        CriSandboxRecord *record;
        Uuid uuid;
} CriSandboxPlan;

/* network: the one for pods that do not have the host's. Otherwise *reterr_message says what cannot be. */
GrpcCode cri_sandbox_plan(const Cri__PodSandboxConfig *config, const char *handler, const char *network,
                          CriSandboxPlan *ret, char **reterr_message);
void cri_sandbox_plan_done(CriSandboxPlan *p);

/* No process can enter a PID namespace above its own (pid_namespaces(7)), and all of a pod are children of its init. */
#define CRI_NO_HOST_PIDS "the processes of the host (hostPID): a pod has its own"

/* What of namespaces no pod can be. NULL: it can be. */
const char *cri_namespaces_refusal(const Cri__NamespaceOption *options);
