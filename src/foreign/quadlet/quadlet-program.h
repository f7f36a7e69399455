/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "foreign/quadlet/quadlet-step.h"

/* Keys of containers that say what runs: the image, its program, and the variables of that. */

/* The image that a value means, as podctl names it; an image of podman's own, or a short name, is told. */
int quadlet_image_name(QuadletStep *step, const char *value, char **ret);
int quadlet_image(QuadletStep *step, const QuadletRow *row, const char *value);
int quadlet_exec(QuadletStep *step, const QuadletRow *row, const char *value);
int quadlet_entrypoint(QuadletStep *step, const QuadletRow *row, const char *value);
int quadlet_health_command(QuadletStep *step, const QuadletRow *row, const char *value);
int quadlet_environment(QuadletStep *step, const QuadletRow *row, const char *value);
int quadlet_environment_file(QuadletStep *step, const QuadletRow *row, const char *value);
