/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cli/start/app-change.h"
#include "cri/cri-record.h"

/* A file of a control group that clients name: all of it is ended when memory runs out. */
#define CRI_OOM_GROUP "memory.oom.group"

/* The quota of CPU time; 0: there is none. */
int64_t cri_cpu_thousandths(const CriContainerRecord *r);
/* What cannot be. */
GrpcCode cri_resources_check(const CriContainerRecord *r, char **reterr_message);
/* The limits of a container as properties of its unit: "MemoryMax=…". What is 0 or empty is left out. */
int cri_resources_properties(const CriContainerRecord *r, char ***ret);
/* For a container that is about to start: the limits that an app of a pod does not have. Logs. */
int cri_resources_bind(AppChange *change, const char *app, const CriContainerRecord *record);
