/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "foreign/quadlet/quadlet-step.h"

/* The sections that are systemd's ([Unit], [Service], [Install]): they go into the drop-in of the pod's unit, with the
 * names of Quadlet's units replaced by those of pods. */

int quadlet_carry_systemd(QuadletStep *step, const PodDrafts *plan, const QuadletEntry *e);

/* The pod of a file .pod or .container with this name. */
PodDraft *quadlet_find_pod(const PodDrafts *plan, const char *stem);
/* The pod that has the container of a file as its app. */
const PodDraft *quadlet_find_pod_of(const PodDrafts *plan, const QuadletFile *file);
