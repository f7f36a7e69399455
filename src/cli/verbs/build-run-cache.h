/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cli/verbs/build-run.h"

/* Steps of a script that were done before. All of these log. */

/* The cache that belongs to this user: below the store's directory for root, else in XDG_CACHE_HOME. */
int build_run_open_cache(Context *context, BuildCache **ret);
/* Carries out the command, unless it is cached: then build_run_apply_cache() makes up for it later. */
int build_run_cached(Run *r, int (*carry_out)(Run *r));
/* What was looked up so far becomes the state of the build. */
int build_run_apply_cache(Run *r);
void build_run_trim_cache(const Run *r);
