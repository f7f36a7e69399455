/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "manifest/app.h"

/* Of a pod without a user namespace, for an app that is just as its image has it: no capability of the host but the
 * usual ones. What is left out becomes a line of *warnings. */
int image_demands_bound(const char *name, App *app, char ***warnings);

/* What an image takes for its app of what would confine it, as images of appc can, and nobody else has said: a warning
 * for each, added to *warnings. The user who starts it is to know. */
int image_demands_warn(const char *name, const App *app, const App *of_image, char ***warnings);
