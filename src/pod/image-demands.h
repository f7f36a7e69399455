/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "manifest/app.h"

/* For a pod without a user namespace, and an app as its image defines it: leaves the app no capabilities of the host
 * but the usual ones. Those that are left out are named in a line added to *warnings. */
int image_demands_bound(const char *name, App *app, char ***warnings);

/* Adds a warning to *warnings for each isolator with which the image itself, as images of appc can, loosens or replaces
 * the confinement of its app, unless the user overrode it. The user who starts the app should know. */
int image_demands_warn(const char *name, const App *app, const App *of_image, char ***warnings);
