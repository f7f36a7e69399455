/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "foreign/quadlet/quadlet-step.h"

/* Keys of .kube files: the pod is what its file of Kubernetes says, which podctl keeps as it is, but for
 * ports. */

int quadlet_yaml(QuadletStep *step, const QuadletRow *row, const char *value);
int quadlet_config_map(QuadletStep *step, const QuadletRow *row, const char *value);
int quadlet_kube_publish(QuadletStep *step, const QuadletRow *row, const char *value);
int quadlet_kube_network(QuadletStep *step, const QuadletRow *row, const char *value);
int quadlet_kube_log(QuadletStep *step, const QuadletRow *row, const char *value);
