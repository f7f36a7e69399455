/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "config.h"
#include "pod/pod-plan.h"
#include "lib/test-cases.h"

/* Plans for tests, from manifests in JSON. */

#define TEST_UUID "01234567-89ab-4def-8123-456789abcdef"

typedef struct Planned {
        AppcPod *manifest;
        PlanImage images[3];
        PodPlan *plan;
        char *message; /* why there is none */
} Planned;
void planned_done(Planned *p);
int plan_json(Planned *p, const PodSettings *settings, const char *json);

/* A pod of one app, of which more members are given, and so of the pod; quotes are single ones. */
int plan_app_json(Planned *p, const PodSettings *settings, const char *app, const char *pod_app,
                                const char *pod);

/* A text of ours, in which @PKGLIBDIR@ stands for the place where podctl's own programs are. */
char *read_expected(const char *name);
