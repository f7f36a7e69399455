/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "build/build-context.h"
#include "build/build-stage.h"
#include "cli/context.h"

/* The dependencies of an appc image that is being built, which lie below it where a command runs: each with its own, in
 * the order of appc (image/store/image-dependencies.h), but with all of their files. Those that the store lacks are
 * fetched. *ret is the caller's, also on failure. Logs. */
int build_below_find(Context *context, const BuildContext *build, BuildBelow *ret);
