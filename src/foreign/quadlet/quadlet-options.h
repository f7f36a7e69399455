/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "foreign/quadlet/quadlet-step.h"

/* Options of podman that no key has, under their own names, "--cpu-shares": of a command line, or of PodmanArgs=. */
extern const QuadletRow quadlet_option_rows[];

/* The label of SELinux, of which a file may say two parts by keys. */
int quadlet_label(QuadletStep *step, const QuadletRow *row, const char *value);
/* Whose IPC namespace it is: that of the pod, or the host's. */
int quadlet_ipc(QuadletStep *step, const QuadletRow *row, const char *value);
/* Paths of the kernel that are not hidden: all, or none. */
int quadlet_unmask(QuadletStep *step, const QuadletRow *row, const char *value);
