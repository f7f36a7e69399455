/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cli/compose/run-args.h"
#include "cri/cri-record.h"
#include "grpc/grpc-message.h"

/* What a container is as an app of its sandbox's pod. Pure. */

typedef struct CriContainerPlan {
        RunApp run;                 /* as from a command line; its texts are the plan's, like all here */
        Mount *mounts;
        size_t n_mounts;
        CriContainerRecord *record; /* without the image's ID */
} CriContainerPlan;

/* target: the app whose processes it is to see; NULL: cri_container_target() has none. Otherwise *reterr_message says
 * what is wrong, or cannot be. */
GrpcCode cri_container_plan(const Cri__ContainerConfig *config, const CriSandboxRecord *sandbox, const Uuid *pod,
                            const char *target, CriContainerPlan *ret, char **reterr_message);
/* The ID of the container whose processes it is to see, or NULL. */
const char *cri_container_target(const Cri__ContainerConfig *config);
void cri_container_plan_done(CriContainerPlan *p);

/* Parts of it. */

/* Users, capabilities, profiles, and what is read-only. */
GrpcCode cri_container_security(const Cri__LinuxContainerSecurityContext *security, const CriSandboxRecord *sandbox,
                                CriContainerPlan *p, char **reterr_message);
GrpcCode cri_container_mounts(const Cri__ContainerConfig *config, CriContainerPlan *p, char **reterr_message);
/* Adds those of the host that it does not have; not pure, and so for its owner. */
int cri_container_host_devices(CriContainerPlan *p);
/* "SIGTERM"; NULL: none was asked for. */
char *cri_signal_name(Cri__Signal signal);
