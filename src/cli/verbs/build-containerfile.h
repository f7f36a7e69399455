/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cli/verbs/build-run.h"

/* `podctl build --file=`: by buildah, into the store. Logs. */
int build_containerfile(Context *context, const BuildArgs *args, char *const *words);
