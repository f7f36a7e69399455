/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "manifest/app.h"

/* What an image takes for its app of what would confine it, as images of appc can, and nobody else has said: a warning for
 * each, added to *warnings. Whoever starts it is to know. */
int image_demands_warn(const char *name, const App *app, const App *of_image, char ***warnings);
