/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cli/context.h"

/* Fetches what a registry has beside an image that is in the store by now; what a file has came with the image. text:
 * as the user wrote it. Logs. */
int fetch_artifacts(Context *c, const char *text, const char *id);
