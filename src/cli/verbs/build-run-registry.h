/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cli/verbs/build-run.h"
#include "image/name/image-location.h"

/* Images of registries that go into a build without passing through the store, which belongs to root and has what this
 * host can run. */

/* Whether that is so for this one. */
bool build_run_skips_store(const Run *r, const ImageLocation *location);
/* Fills the record of the build. Logs. */
int build_run_begin_registry(Run *r, const char *from, const ImageLocation *location);
