/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "foreign/quadlet-step.h"

/* What becomes of files of Quadlet, as pure data: command lines for podctl create, files of net.d, and for each line
 * whether it is carried over. */

const char *quadlet_state_to_string(QuadletState s);

typedef struct QuadletFinding {
        char *file;
        unsigned line;
        char *key;
        QuadletState state;
        char *why; /* NULL: there is nothing to say */
} QuadletFinding;

typedef struct QuadletNetwork {
        char *name;
        char *text;
} QuadletNetwork;

typedef struct QuadletPlan {
        QuadletPod *pods;
        size_t n_pods;
        QuadletNetwork *networks;
        size_t n_networks;
        QuadletFinding *findings;
        size_t n_findings;
} QuadletPlan;

void quadlet_plan_done(QuadletPlan *plan);

/* name: that of the only pod; NULL: those of the files. -EINVAL with a message: the files cannot be understood. */
int quadlet_plan_new(const QuadletFile *files, size_t n_files, const char *name, QuadletPlan *ret,
                     char **reterr_message);

/* The words of podctl create, with the name and all images. */
int quadlet_pod_words(const QuadletPod *pod, char ***ret);
bool quadlet_plan_loses(const QuadletPlan *plan);
