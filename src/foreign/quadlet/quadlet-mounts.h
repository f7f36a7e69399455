/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "foreign/quadlet/quadlet-step.h"

/* Keys that become a volume and a mount of it. */
int quadlet_volume(QuadletStep *step, const QuadletRow *row, const char *value);
int quadlet_mount(QuadletStep *step, const QuadletRow *row, const char *value);
int quadlet_tmpfs(QuadletStep *step, const QuadletRow *row, const char *value);
int quadlet_shm_size(QuadletStep *step, const QuadletRow *row, const char *value);
int quadlet_timezone(QuadletStep *step, const QuadletRow *row, const char *value);
