/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "foreign/quadlet/quadlet-step.h"

/* Networks, addresses and ports: of containers and pods, and files of networks. Names and addresses are checked here,
 * since they stand in options of podctl create that have separators. */

int quadlet_network(QuadletStep *step, const QuadletRow *row, const char *value);
int quadlet_address(QuadletStep *step, const QuadletRow *row, const char *value);
/* What becomes of a port that is published in this network; NULL: it is there. */
const char *quadlet_why_no_port(const char *network);
int quadlet_publish(QuadletStep *step, const QuadletRow *row, const char *value);
/* A name in /etc/hosts of the pod. */
int quadlet_host_entry(QuadletStep *step, PodDraft *pod, const char *name, const char *address);
int quadlet_add_host(QuadletStep *step, const QuadletRow *row, const char *value);
int quadlet_host_name(QuadletStep *step, const QuadletRow *row, const char *value);

int quadlet_network_member(QuadletStep *step, const QuadletRow *row, const char *value);
int quadlet_gateway(QuadletStep *step, const QuadletRow *row, const char *value);
int quadlet_subnet(QuadletStep *step, const QuadletRow *row, const char *value);
int quadlet_network_flag(QuadletStep *step, const QuadletRow *row, const char *value);
int quadlet_name_server(QuadletStep *step, const QuadletRow *row, const char *value);
int quadlet_network_options(QuadletStep *step, const QuadletRow *row, const char *value);
